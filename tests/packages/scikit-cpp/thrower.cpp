#include <stdexcept>
#include <string>

void check(int number)
{
    if (number < 0)
        throw std::invalid_argument("negative: " + std::to_string(number));
}
