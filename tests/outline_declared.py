"""C++ functions with variables of all sorts, declared in all sorts of scopes, whose handlers use them: a program that tells what it does.

`VAR` is the variable; `CHAIN` the try block with its handlers; `INNER` declares the variable anew.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

HEAD: Final = """\
#include <cstdio>
#include <initializer_list>
#include <map>
#include <new>
#include <stdexcept>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>
#define NUMBER int
#define DECLARE(type, name) type name
#define TOUCH(x) touch(x)
#define DROP(x) (void)0
typedef int Triple[3];
typedef int Plain;
typedef int Function(int);
struct Base { int b = 1; virtual ~Base() {} virtual int n() const { return b; } };
struct Derived : Base { int n() const override { return b + 10; } };
struct Small { int s; Small(int x = 5) : s(x) {} operator int() const { return s; } };
template <class T> struct Box { T t; Box(T x = T()) : t(x) {} };
namespace geo {
struct Point { int x = 2, y = 3; };
enum class Color { red, green };
template <class A, class B = int> struct Pair { A a = A(); B b = B(); struct Inner { int i = 4; }; };
}
static Derived derived;
static int global = 7, triple[3] = {1, 2, 3};
static int twice(int x) { return 2 * x; }
template <class T> void touch(const T &) { std::printf(" %s", typeid(T).name()); }
template <class T> void touch(T &) { std::printf(" %s!", typeid(T).name()); }
static void touch(int x) { std::printf(" %d", x); }
static void touch(const std::string &x) { std::printf(" '%s'", x.c_str()); }
static void touch(const Base &x) { std::printf(" base%d", x.n()); }
template <class T> void change(T &) {}
static void change(int &x) { ++x; }
__attribute__((noinline)) void work(int n)
{
    if (n == 1) throw std::out_of_range("range");
    if (n == 2) throw std::runtime_error("run");
    if (n == 3) throw std::bad_alloc();
}
"""
_LOCALS: Final = """\
int VAR = 1;
int VAR(3);
unsigned long VAR{4};
volatile int VAR = 5;
static int VAR = 6;
const int VAR = 7;
constexpr int VAR = 8;
int other = 1, VAR = 9;
int *other = 0, VAR = 9, *more = &other[0];
char const *other = "a", *VAR = "b";
const char *const VAR = "c";
int **VAR = 0;
std::string VAR = std::string("x") + "y";
const std::string VAR = "const";
const std::string &VAR = std::string("kept");
std::string &&VAR = std::string("moved");
std::vector<std::pair<int, char>> VAR(3);
std::vector<std::vector<int> > VAR{{1}, {2}};
std::map<std::string, std::vector<int>>::iterator VAR;
std::map<int, int> first = {{1, 2}}, VAR = first;
geo::Point VAR;
::geo::Point *VAR = 0;
geo::Point point; geo::Point &VAR = point;
geo::Color VAR = geo::Color::green;
geo::Pair<int>::Inner VAR;
geo::Pair<geo::Point> *VAR = nullptr;
Base &VAR = derived;
const Base &VAR = derived;
Base *VAR = &derived;
Small VAR = 3;
Plain *VAR = 0;
Triple VAR = {1, 2, 3};
int VAR[2] = {1, 2};
int (&VAR)[3] = triple;
int (*VAR)(int) = twice;
Function *VAR = twice;
int Small::*VAR = &Small::s;
Box VAR(3);
Box<int> VAR(3);
std::vector VAR{1, 2};
auto VAR = 3;
const auto &VAR = global;
decltype(global) VAR = 3;
auto [VAR, second] = std::pair<int, int>(1, 2);
struct VARType { int a; } VAR = {3};
struct Local { int a = 1; }; Local VAR;
typedef long Number; Number VAR = 4;
using Number = short; Number VAR = 5;
enum { one, two }; int VAR = two;
enum VARType { VAR = 3 };
union { int VAR; char c; }; VAR = 3;
NUMBER VAR = 6;
DECLARE(int, VAR) = 7;
long long int VAR = 8;
std::size_t VAR = 4;
__attribute__((unused)) int VAR = 3;
alignas(16) int VAR = 3;
int VAR __attribute__((aligned(16))) = 3;
extern int global; int &VAR = global;
thread_local int VAR = 3;
long VAR = 1; { short VAR = 2; (void)VAR; }
int VAR = 1; for (long VAR = 0; VAR < 2; VAR++) work(0);
int VAR = 1; for (long VAR = 0; VAR < 2; VAR++) { work(0); }
int VAR = 1; if (long VAR = n * 2) { work(0); (void)VAR; }
int VAR = 1; auto doubled = [](long VAR) { return 2 * VAR; }; doubled(2);
int VAR = 1; auto doubled = [VAR] { return VAR * 2; }; doubled();
int VAR = 1; struct In { long VAR; void f(short VAR) { (void)VAR; } }; In in; in.VAR = 3; in.f(1);
int VAR = 1; n = n * VAR; n = VAR & 3; (void)(n < VAR); (void)(VAR > n); (void)static_cast<long>(VAR);
int VAR = 1; work(0 * VAR), work(VAR - 1); if (n * VAR > 70) return 1;
int VAR = 1; int value = (int)VAR, *pointer = &VAR; (void)value; (void)pointer;
int VAR = 1; long function(long VAR); (void)VAR;
int VAR = 1; try { long VAR = 3; work(VAR - 3); } catch (const std::exception &VAR) { (void)VAR; }
int a = 3, b = 4, VAR = a < b ? a : b;
bool VAR = std::pair<int, int>(1, 2) < std::pair<int, int>(2, 1), more = true; (void)more;
int VAR = [] { int inner = 3; return inner; }();
int VAR = ({ int inner = 3; inner; });
const void *const *VAR = 0;
"""
# Each with an argument for it.
_PARAMETERS: Final = """\
int VAR|3
const int VAR|3
int VAR = 3|3
const std::string &VAR|"s"
const std::string VAR|"s"
std::string &&VAR|std::string("s")
int *const VAR|&global
int VAR[]|triple
Triple VAR|triple
const Triple VAR|triple
Triple &VAR|triple
Function VAR|twice
int (*VAR)(int)|twice
int (&VAR)[3]|triple
geo::Point VAR|geo::Point()
const ::geo::Point &VAR|geo::Point()
geo::Pair<int, long> VAR|{}
std::vector<std::pair<int, int>> &VAR|pairs
Base &VAR|derived
Base *const &VAR|&derived
Small VAR|3
volatile int VAR|3
const char *VAR = "default"|"x"
[[maybe_unused]] int VAR|3
int VAR __attribute__((unused))|3
std::initializer_list<int> VAR|{1, 2}
NUMBER VAR|3
"""
_SCOPES: Final = """\
CHAIN
{ int block = 3; (void)block; CHAIN }
for (int i = 0; i < 2; i++) { CHAIN }
for (int i = 0; i < 2; i++) CHAIN
for (int x : {1, 2}) { (void)x; CHAIN }
while (n-- > 100 || n > -3) { n -= 5; CHAIN n += 1; }
do { CHAIN } while (0);
if (n > -100) CHAIN else work(0);
if (int condition = n + 100) { (void)condition; CHAIN }
if (n < -100) { work(0); } else { CHAIN }
switch (n) { default: { CHAIN } }
switch (n) { case 1: CHAIN break; default: work(0); }
try { CHAIN } catch (int) { std::printf(" outer"); }
try { throw 5L; } catch (long error) { touch(error); CHAIN }
auto lambda = [&] { CHAIN }; lambda();
auto lambda = [=]() mutable { CHAIN }; lambda();
auto lambda = [=]() { CHAIN }; lambda();
auto lambda = [&](int inner) -> void { (void)inner; INNER CHAIN }; lambda(3);
label: CHAIN
({ CHAIN });
struct In { static void f(int n) { INNER CHAIN } }; In::f(n);
"""
_USES: Final = """\
touch(VAR);
change(VAR); touch(VAR);
TOUCH(VAR);
DROP(VAR);
touch(&VAR);
touch(VAR); { long VAR = 3; touch(VAR); }
long VAR = 4; touch(VAR);
touch((VAR));
touch(sizeof(VAR));
auto copy = VAR; touch(copy);
decltype(VAR) same = VAR; touch(same);
touch(typeid(VAR) == typeid(int));
if (n > 1) touch(VAR); else change(VAR);
for (long VAR = 0; VAR < 1; VAR++) touch(VAR);
throw VAR;
throw (VAR);
"""
_FAILED: Final = re.compile(r'program\.cpp:(\d+):\d+: (?:fatal )?error')


def functions(rng: Random, count: int) -> list[str]:
    """Return functions with their copies, a text for each, and the calls of it behind a `//`."""
    return [_function(rng, number) for number in range(count)]


def _function(rng: Random, number: int) -> str:
    last = rng.choice(('touch(1);', 'change(VAR);', 'touch(n);'))
    chain = (
        f'try {{ work(n); }} catch (const std::out_of_range &e) {{ touch(std::string(e.what())); {_one_of(rng, _USES)} }} '
        f'catch (const std::runtime_error &e) {{ touch(e.what()); {rng.choice(("", "touch(VAR);"))} }} '
        f'catch (const std::bad_alloc &) {{ {last} }}'
    )
    declared, parameter, argument = '', '', ''
    if rng.random() < 0.7:
        declared = _one_of(rng, _LOCALS)
    else:
        given, _, value = _one_of(rng, _PARAMETERS).partition('|')
        parameter, argument = f', {given}', f', {value}'
    if parameter and rng.random() < 0.2:
        text = f'static void NAME(int n{parameter}) {chain}'
    else:
        body = _one_of(rng, _SCOPES).replace('INNER', declared).replace('CHAIN', chain)
        text = f'static int NAME(int n{parameter}) {{ {declared} {body} return 0; }}'
    names = [f'f{number}_{copy}' for copy in range(2)]
    return '\n'.join(f'{text.replace("VAR", "var").replace("NAME", name)} // {name}(n{argument})' for name in names)


def _one_of(rng: Random, lines: str) -> str:
    return rng.choice(lines.splitlines())


def program(texts: Sequence[str]) -> str:
    """Return a program that calls every function with everything that is thrown."""
    calls = [line.rpartition('// ')[2] for text in texts for line in text.splitlines()]
    steps = '\n'.join(
        f'    for (int n = 0; n < 4; n++) {{ std::printf("\\n%s %d", "{call.partition("(")[0]}", n); '
        f'try {{ {call}; }} catch (...) {{ std::printf(" thrown"); }} }}'
        for call in calls
    )
    return HEAD + '\n'.join(texts) + f'\nint main() {{ std::vector<std::pair<int, int>> pairs(2);\n{steps}\n}}\n'


def without_failed(texts: Sequence[str], messages: str) -> list[str]:
    """Return the functions that a compiler has said nothing against: not every scope and use goes with every variable."""
    lines = program(texts).splitlines()
    failed = {match[1] for number in _FAILED.findall(messages) for match in re.finditer(r'\bf(\d+)_\d\(', lines[int(number) - 1])}
    return [text for text in texts if re.search(r'\bf(\d+)_0\(', text)[1] not in failed]  # type: ignore[index]
