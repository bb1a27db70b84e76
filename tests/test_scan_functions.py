"""Which declarations are functions, with which name, parameters and extent."""

from __future__ import annotations

import pytest
from scan_support import check, show_function, text

from tramp_build.scan import function_names, might_declare, scan


def functions(source: str, language: str) -> list[str]:
    raw = source.encode()
    result = scan(raw, language)
    check(raw, result)
    return [show_function(function) for function in result.functions]


@pytest.mark.parametrize('language', ['c', 'c++'])
@pytest.mark.parametrize(
    ('source', 'expected'),
    [
        pytest.param('int f(int a) { return a; }', 'f(a) {}', id='definition'),
        pytest.param('int f(int a);', 'f(a) ;', id='declaration'),
        pytest.param('static PyObject *\nf(PyObject *self, PyObject *args)\n{\n}', 'static f(self, args) {}', id='two lines'),
        pytest.param('int f(void) {}', 'f() {}', id='void'),
        pytest.param('int f() {}', 'f() {}', id='empty'),
        pytest.param('int f(int, char *);', 'f(-, -) ;', id='no names'),
        pytest.param(
            'int f(unsigned int a, long long b, struct s c, enum e d, struct s *e);', 'f(a, b, c, d, e) ;', id='types of several words'
        ),
        pytest.param(
            'int f(const char *const a, char b[], int (*c)(int), void (*d[3])(void), ...);', 'f(a, b, c, d, -) ;', id='declarators'
        ),
        pytest.param('int f(T a, T *b, T const *c, unsigned);', 'f(a, b, c, -) ;', id='user types'),
        pytest.param('int f(PyObject *Py_UNUSED(a), PyObject *UNUSED(b));', 'f(-, -) ;', id='names from macros'),
        pytest.param('int f(PyObject *a UNUSED, PyObject *UNUSED b, int N);', 'f(a, b, N) ;', id='macros beside names'),
        pytest.param('int f(PyObject *a __attribute__((unused)));', 'f(a) ;', id='attribute of a parameter'),
        pytest.param('__attribute__((noinline)) static int f(void) {}', 'static f() {}', id='attribute'),
        pytest.param('int f(void) __attribute__((noreturn));', 'f() ;', id='attribute behind'),
        pytest.param('int f(void) NORETURN;', 'f() ;', id='macro behind'),
        pytest.param('int f(const char *s, ...) PRINTF(1, 2);', 'f(s, -) ;', id='macro call behind'),
        pytest.param('int f(void) asm("g");', 'f() ;', id='asm name'),
        pytest.param('Py_LOCAL(PyObject *) f(PyObject *a) {}', 'f(a) {}', id='type macro'),
        pytest.param('static Py_LOCAL_INLINE(int) f(int a) {}', 'static f(a) {}', id='type macro behind static'),
        pytest.param('PyAPI_FUNC(int) F(int a);', 'F(a) ;', id='type macro and a name in capitals'),
        pytest.param('PyMODINIT_FUNC PyInit_x(void) {}', 'PyInit_x() {}', id='module init'),
        pytest.param('EXPORT API_FUNC(int) f(int a);', 'f(a) ;', id='macro and type macro'),
        pytest.param('struct s f(void) { return (struct s){1}; }', 'f() {}', id='struct result'),
        pytest.param('struct s *f(struct s *a) {}', 'f(a) {}', id='struct pointer result'),
        pytest.param('enum e f(void) {}', 'f() {}', id='enum result'),
        pytest.param('struct { int a; } f(void) {}', 'f() {}', id='new struct as result'),
        pytest.param('extern int f(int a), g(int b);', 'f(a) ;', id='several declarators: the first'),
        pytest.param('int f(int a) { if (a) { "}"; \'}\'; /* } */ } // }\n }', 'f(a) {}', id='brackets in strings and comments'),
        pytest.param('int f\\\n(int a)\\\r\n{}', 'f(a) {}', id='continued lines'),
        pytest.param('int f(int a\n#define X )\n) {}', 'f(a) {}', id='directive within'),
        pytest.param('int caf\xe9(int \xfc) {}', 'caf\xe9(\xfc) {}', id='other letters'),
        pytest.param('int f$1(int $a) {}', 'f$1($a) {}', id='dollar'),
        pytest.param('int f(int a) <% return a<:0:>; %>', 'f(a) {}', id='digraphs'),
        pytest.param('DOC(x, "y")\nint f(int a) {}', 'f(a) {}', id='behind a macro without semicolon'),
        pytest.param('DOC(x, "y");\nint f(int a) {}', 'f(a) {}', id='behind a macro'),
        pytest.param('MACRO\nint f(int a) {}', 'f(a) {}', id='behind a word'),
        pytest.param('int a[] = {1, 2}, b = {3}; int f(void);', 'f() ;', id='behind initialisers'),
        pytest.param('MODULE(x) { int g(void); } int f(void) {}', 'f() {}', id='behind a body of a macro'),
        pytest.param('extern "C" int f(void) {}', 'f() {}', id='extern C'),
        pytest.param('int f(void) {', 'f() {}', id='no end'),
    ],
)
def test_one_function(source, expected, language):
    assert functions(source, language) == [expected]


@pytest.mark.parametrize(
    ('source', 'expected'),
    [
        pytest.param('int f(a, b) int a; char *b; {}', ['f(a, b) {}'], id='K&R'),
        pytest.param('f(a, b) int a, b; {}', ['f(a, b) {}'], id='K&R without a type'),
        pytest.param(
            'static PyObject *f(self, args) PyObject *self, *args; {} int g(int c) {}',
            ['static f(self, args) {}', 'g(c) {}'],
            id='K&R pair',
        ),
        pytest.param('main() {}', ['main() {}'], id='implicit int'),
        pytest.param('static f(int a);', ['static f(a) ;'], id='implicit int, declared'),
        pytest.param('DECLARE(x) int y; int f(void);', ['f() ;'], id='macro call that looks like K&R'),
        pytest.param('DECLARE(x) int x; int f(void);', ['f() ;'], id='macro call that looks even more like K&R'),
        pytest.param('PyObject *new(PyTypeObject *class, PyObject *this) {}', ['new(class, this) {}'], id='words of C++'),
        pytest.param(
            'int delete(T *template) {} int operator(int typename);', ['delete(template) {}', 'operator(typename) ;'], id='more of them'
        ),
        pytest.param('#define R "a"\nchar *s = R"x("; int f(void);', ['f() ;'], id='no raw strings'),
    ],
)
def test_c(source, expected):
    assert functions(source, 'c') == expected


@pytest.mark.parametrize(
    ('source', 'expected'),
    [
        pytest.param('int C::f(int a) const {}', 'C::f(a) {}', id='member'),
        pytest.param('A::B::C *n::C::f(int a) {}', 'n::C::f(a) {}', id='qualified'),
        pytest.param('C::C(int a) : x(a), y{1}, z<int>{2} { int b; }', 'C::C(a) {}', id='constructor'),
        pytest.param('C::C(int a) NOEXCEPT_IF(x) : a(1) {}', 'C::C(a) {}', id='constructor with a macro'),
        pytest.param('C::C() : a{}, b{} {}', 'C::C() {}', id='constructor with braces'),
        pytest.param('C::C() try : a(1) { } catch (...) { } int x;', 'C::C() {}', id='constructor with try'),
        pytest.param('int f(int a) try { return 1; } catch (int) { return 2; } catch (...) { }', 'f(a) {}', id='function with try'),
        pytest.param('C::~C() {}', 'C::~C() {}', id='destructor'),
        pytest.param('template <class T, int N = 3> T f(T a) {}', 'f(a) {}', id='template'),
        pytest.param('template <class T> template <class U> void X<T>::f(U a) {}', 'X<T>::f(a) {}', id='member template'),
        pytest.param('template <> PyObject *f<int>(PyObject *a) {}', 'f<int>(a) {}', id='specialisation'),
        pytest.param('template <class T> requires C<T> && (sizeof(T) > 1) void f(T a) requires D<T> {}', 'f(a) {}', id='requires'),
        pytest.param('auto f(int a) -> std::vector<int> {}', 'f(a) {}', id='trailing type'),
        pytest.param('auto f(int a) -> decltype(g(a)) {}', 'f(a) {}', id='trailing decltype'),
        pytest.param('decltype(auto) f(int a) {}', 'f(a) {}', id='decltype'),
        pytest.param(
            'std::map<int, std::vector<int>> f(std::map<int, int> a, std::string const &b = "x,y", T &&...c) {}',
            'f(a, b, c) {}',
            id='types',
        ),
        pytest.param(
            'int f(std::function<int(int, int)> a, int b = g(1, 2), bool c = 1 < 2) noexcept(true) {}', 'f(a, b, c) {}', id='defaults'
        ),
        pytest.param('[[nodiscard]] int f([[maybe_unused]] int a) noexcept override final;', 'f(a) ;', id='attributes'),
        pytest.param('C &C::operator=(const C &a) {}', 'C::operator=(a) {}', id='assignment'),
        pytest.param('bool operator==(C a, C b) {}', 'operator==(a, b) {}', id='comparison'),
        pytest.param('bool operator<(C a, C b) {}', 'operator<(a, b) {}', id='less'),
        pytest.param('std::ostream &operator<<(std::ostream &a, C<int> b) {}', 'operator<<(a, b) {}', id='shift'),
        pytest.param('int C::operator()(int a) const {}', 'C::operator()(a) {}', id='call'),
        pytest.param('int &C::operator[](int a) {}', 'C::operator[](a) {}', id='index'),
        pytest.param('C::operator bool() const {}', 'C::operator bool() {}', id='conversion'),
        pytest.param('void *operator new(size_t a) {}', 'operator new(a) {}', id='new'),
        pytest.param('static inline constexpr explicit int f(int a) {}', 'static f(a) {}', id='specifiers'),
        pytest.param('int f(int a) { auto s = R"x(} )" })x"; }', 'f(a) {}', id='raw string'),
        pytest.param("int f(int a) { return 0xF'F + u8'}' + '}' + 1'0; }", 'f(a) {}', id='separators and characters'),
        pytest.param("int f(int a) { switch (a) { case'a': case'}': ; } }", 'f(a) {}', id='character behind a word'),
        pytest.param('int f(int a = -1, const char *b = "", char c = \'c\');', 'f(a, b, c) ;', id='literals as defaults'),
        pytest.param('int f(int a) = delete;', 'f(a) ;', id='deleted'),
    ],
)
def test_cxx(source, expected):
    assert functions(source, 'c++') == [expected]


@pytest.mark.parametrize(
    ('source', 'expected'),
    [
        pytest.param('namespace a::b { inline namespace c { int f(); } }', ['[a.b.c] f() ;'], id='namespaces'),
        pytest.param('namespace a::inline b VISIBLE(x) Y { int f(); }', ['[a.b] f() ;'], id='namespace with macros'),
        pytest.param('namespace { int f(); } int g();', ['[-] f() ;', 'g() ;'], id='unnamed namespace'),
        pytest.param('namespace a = b; int f();', ['f() ;'], id='namespace alias'),
        pytest.param('extern "C" { int f(void); } int g();', ['f() ;', 'g() ;'], id='extern C'),
        pytest.param(
            'class C : public B<int> { public: C(int a) : x{a} {} explicit C(); ~C();'
            ' virtual int f(int b) const = 0; int y{3}; int g() { return 1; } };',
            ['[C] C(a) {}', '[C] C() ;', '[C] ~C() ;', '[C] f(b) ;', '[C] g() {}'],
            id='class',
        ),
        pytest.param(
            'struct S { static PyObject *f(PyObject *a) { struct T { int g(); }; return 0; } int h(); } s, *t; int i();',
            ['static [S] f(a) {}', '[S] h() ;', 'i() ;'],
            id='class with variables',
        ),
        pytest.param(
            'struct S { enum E { A = f(1), B }; operator bool() const; friend int g(S); using T = int(int); int h(); };',
            ['[S] operator bool() ;', '[S] h() ;'],
            id='other members',
        ),
        pytest.param(
            'struct EXPORT(x) S final { int f(); Q_OBJECT signals: void g(); public slots: void h(); };',
            ['[S] f() ;', '[S] g() ;', '[S] h() ;'],
            id='macros in a class',
        ),
        pytest.param('template<> struct A<int>::B { int f(); };', ['[A.B] f() ;'], id='class in a specialisation'),
        pytest.param('enum class E : int { A, B }; enum { C }; int f();', ['f() ;'], id='enums'),
        pytest.param('union U { int a; float b; U(int c); };', ['[U] U(c) ;'], id='union'),
    ],
)
def test_scopes(source, expected):
    assert functions(source, 'c++') == expected


@pytest.mark.parametrize('language', ['c', 'c++'])
@pytest.mark.parametrize(
    'source',
    [
        'int x;',
        'int x = f(3);',
        'int (*f)(int);',
        'static PyObject *(*f)(PyObject *) = 0;',
        'typedef int f(int);',
        'typedef int (*f)(int);',
        'PyDoc_STRVAR(doc, "f(x) -> y");',
        'MACRO(a, b);',
        'MACRO(a) {}',
        'static NAME(f)(int a) {}',
        'PyObject *MANGLE(f)(PyObject *a);',
        '#define f(x) g(x)\n',
        '#define F int f(int a) { \\\n return 1; }\n',
        'int x[sizeof(int)];',
        'int x = sizeof(f(1));',
        'static_assert(sizeof(int) == 4, "x");',
        '_Static_assert(1, "x");',
        'struct s { int (*f)(int); };',
        'enum { A = f(1) };',
        'struct s x = {.f = g(1), .h = i};',
        'int x __attribute__((aligned(8)));',
        '/* int f(int a); */',
        '// int f(int a);\n',
        '"int f(int a) {}"',
        '#if 0\nint f(int a);\n#endif',
        '#if 0\nint f(int a) {\n#else\n#endif',
        '#if 1\n#elif X\nint f(int a);\n#else\nint g();\n#endif',
        'void g(void){int f(int a);}',
        'return f(x);',
        'asm("int f(int);");',
        'int (*x)(int) = f;',
        '',
        ';;;',
        'f',
        'f(',
        '()',
    ],
)
def test_no_function(source, language):
    found = [function.name for function in scan(source.encode(), language).functions]
    assert [name for name in found if name != 'g'] == []


@pytest.mark.parametrize(
    'source', ['Foo x(1, 2);', 'Foo x(a, -1);', 'Foo x("a");', "Foo x('a');", 'Foo x{f(1)};', 'auto f = [](int a) { return a; };']
)
def test_no_function_of_cxx(source):
    assert functions(source, 'c++') == []


@pytest.mark.parametrize(
    ('source', 'expected'),
    [
        pytest.param('int x; static int f(int a) { }', 'static int f(int a) { }', id='definition'),
        pytest.param('int x; int f(int a) ;', 'int f(int a) ;', id='declaration with its semicolon'),
        pytest.param('DOC(x, "y")\nstatic int f(int a) {}', 'static int f(int a) {}', id='not the macro before'),
        pytest.param('Py_LOCAL(int) f(int a) {}', 'Py_LOCAL(int) f(int a) {}', id='type macro'),
        pytest.param('static A(1) int f(int a) {}', 'static A(1) int f(int a) {}', id='macro among the specifiers'),
        pytest.param('template<class T> [[a]] T f(int a) {}', 'template<class T> [[a]] T f(int a) {}', id='template'),
        pytest.param('extern "C" int f(int a);', 'extern "C" int f(int a);', id='extern C'),
        pytest.param('struct S { public: int f(int a); };', 'int f(int a);', id='label'),
        pytest.param('int f(int a) try { } catch (...) { } int x;', 'int f(int a) try { } catch (...) { }', id='catch'),
    ],
)
def test_the_span(source, expected):
    [function] = scan(source.encode(), 'c++').functions
    assert text(source.encode(), function.span) == expected
    assert text(source.encode(), function.name_span) == 'f'
    assert [text(source.encode(), parameter.span) for parameter in function.parameters] == ['int a']


@pytest.mark.parametrize(
    ('source', 'names', 'expected'),
    [
        ('int f(void); int g(void) {}', {'f', 'g', 'h'}, {'f', 'g'}),
        ('void h(void) { f(); }', {'f'}, set()),
        ('int f;', {'f'}, set()),
        (
            'int C::f() {} namespace n { struct D { int g(); }; }',
            {'f', 'C::f', 'D::g', 'n::D::g', 'E::g', 'g'},
            {'f', 'C::f', 'D::g', 'n::D::g', 'g'},
        ),
        ('', {'f'}, set()),
    ],
)
def test_names_for_other_files(source, names, expected):
    assert function_names(scan(source.encode(), 'c++')) & names == expected
    assert all(might_declare(source.encode(), name) for name in expected)


def test_what_can_not_be_a_function():
    assert not might_declare(b'int f; int fg(void);', 'f')
    assert not might_declare(b'int g(void);', 'f')
