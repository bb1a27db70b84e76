/* Objects without unwind entries for stubs. */
#ifndef TRAMP_FRAMES_H
#define TRAMP_FRAMES_H

/* Takes the unwind entries of stubs out of an object, about a third of what a stub is to a module.  Nothing asks for them: a stub ends
   in a jump, so it is never on the stack of what is unwound.  An object in which that is not plain to see stays as it is. */
void drop_frames_of_stubs(const char *path);

#endif
