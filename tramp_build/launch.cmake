# Included by the project() of a build that goes through tramp-build.  When all targets are known, the launcher is put in front of
# what compiles and links each of them, and in front of any launcher that the project or its user has chosen.
#
# From the cache: TRAMP_BUILD_LAUNCHER, the launcher and its options; TRAMP_BUILD_INCLUDE, what CMAKE_PROJECT_INCLUDE was before.

foreach(tramp_build_file IN LISTS TRAMP_BUILD_INCLUDE)
  include("${tramp_build_file}")
endforeach()
unset(tramp_build_file)

# Every project() comes by here.
if(COMMAND tramp_build_launch)
  return()
endif()
if(CMAKE_VERSION VERSION_LESS 3.19)
  message(WARNING "tramp-build needs CMake 3.19; this build is left as it is")
  return()
endif()

# What is to stand behind the launcher in the RULE_LAUNCH_... of a target.
function(tramp_build_rule target kind)
  get_property(rule TARGET ${target} PROPERTY RULE_LAUNCH_${kind})
  if(NOT rule)
    get_property(directory TARGET ${target} PROPERTY SOURCE_DIR)
    get_property(rule DIRECTORY "${directory}" PROPERTY RULE_LAUNCH_${kind})
  endif()
  if(NOT rule)
    get_property(rule GLOBAL PROPERTY RULE_LAUNCH_${kind})
  endif()
  set(rule "${rule}" PARENT_SCOPE)
endfunction()

function(tramp_build_target target type)
  list(JOIN TRAMP_BUILD_LAUNCHER "\" \"" words)
  tramp_build_rule(${target} COMPILE)
  if(rule)
    set_property(TARGET ${target} PROPERTY RULE_LAUNCH_COMPILE "\"${words}\" ${rule}")
  else()
    foreach(language IN ITEMS C CXX)
      get_property(launcher TARGET ${target} PROPERTY ${language}_COMPILER_LAUNCHER)
      set_property(TARGET ${target} PROPERTY ${language}_COMPILER_LAUNCHER ${TRAMP_BUILD_LAUNCHER} ${launcher})
    endforeach()
  endif()
  # <LANG>_LINKER_LAUNCHER came with 3.21 and knows no Fortran.  An archiver would be started by the rule as well.
  if(type MATCHES "^(EXECUTABLE|SHARED_LIBRARY|MODULE_LIBRARY)$")
    tramp_build_rule(${target} LINK)
    set_property(TARGET ${target} PROPERTY RULE_LAUNCH_LINK "\"${words}\" ${rule}")
  endif()
endfunction()

function(tramp_build_directory directory)
  get_property(targets DIRECTORY "${directory}" PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target IN LISTS targets)
    get_property(type TARGET ${target} PROPERTY TYPE)
    if(type MATCHES "^(EXECUTABLE|(STATIC|SHARED|MODULE|OBJECT)_LIBRARY)$")
      tramp_build_target(${target} ${type})
    endif()
  endforeach()
  get_property(directories DIRECTORY "${directory}" PROPERTY SUBDIRECTORIES)
  foreach(below IN LISTS directories)
    tramp_build_directory("${below}")
  endforeach()
endfunction()

function(tramp_build_launch)
  # make, unlike ninja, does not see that a command has changed.
  if(CMAKE_GENERATOR MATCHES "Makefiles" AND NOT TRAMP_BUILD_LAUNCHED STREQUAL "${TRAMP_BUILD_LAUNCHER}")
    file(GLOB_RECURSE objects "${CMAKE_BINARY_DIR}/CMakeFiles/*.o" "${CMAKE_BINARY_DIR}/*/CMakeFiles/*.o")
    if(objects)
      file(REMOVE ${objects})
    endif()
  endif()
  set(TRAMP_BUILD_LAUNCHED "${TRAMP_BUILD_LAUNCHER}" CACHE INTERNAL "The launcher that the objects were made with.")
  tramp_build_directory("${CMAKE_SOURCE_DIR}")
endfunction()

cmake_language(DEFER DIRECTORY "${CMAKE_SOURCE_DIR}" CALL tramp_build_launch)
