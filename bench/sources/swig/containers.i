// Containers of the standard library, with a chain around every call: what a wrapper that SWIG makes looks like.
%module containers

%{
#include <new>
#include <stdexcept>
%}

%include <exception.i>

%exception {
    try {
        $action
    }
    catch (const std::out_of_range &error) {
        SWIG_exception(SWIG_IndexError, error.what());
    }
    catch (const std::invalid_argument &error) {
        SWIG_exception(SWIG_ValueError, error.what());
    }
    catch (const std::bad_alloc &) {
        SWIG_exception(SWIG_MemoryError, "out of memory");
    }
    catch (const std::exception &error) {
        SWIG_exception(SWIG_RuntimeError, error.what());
    }
}

%include <std_map.i>
%include <std_string.i>
%include <std_vector.i>

%template(Doubles) std::vector<double>;
%template(Ints) std::vector<int>;
%template(Strings) std::vector<std::string>;
%template(Numbers) std::map<std::string, double>;
