%module shapes
%include <exception.i>
%exception {
    try { $action }
    catch (const std::exception &error) { SWIG_exception(SWIG_ValueError, error.what()); }
}
%{
#include <stdexcept>
static double area(double width, double height)
{
    if (width < 0 || height < 0)
        throw std::domain_error("negative");
    return width * height;
}
%}
double area(double width, double height);
