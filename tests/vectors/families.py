"""The number formats, each written from its definition over bit strings and exact rationals.

decoder(name) gives (bits, decode), decode from the bit string of a code, most significant bit first, to a Fraction,
'nan', 'inf' or '-inf'. Nothing here is translated from the library: it is what the library is judged by.
"""
import re
from decimal import Decimal, getcontext
from fractions import Fraction

getcontext().prec = 60
TWO = Fraction(2)


def number(bits):
    return int(bits, 2) if bits else 0


def round_to_float32(x):
    """The nearest float32 of a positive rational, ties to even."""
    exponent = 0
    while x / TWO**exponent >= 2:
        exponent += 1
    while x / TWO**exponent < 1:
        exponent -= 1
    quantum = TWO ** (max(exponent, -126) - 23)
    result = round(x / quantum) * quantum  # round() of a Fraction goes to even
    return 'inf' if result >= TWO**128 else result


def power_of_two(exponent):
    """2^exponent rounded to float32, from 60 decimal digits; the exponent is rational."""
    digits = Decimal(2) ** (Decimal(exponent.numerator) / Decimal(exponent.denominator))
    return round_to_float32(Fraction(digits))


def twos_complement(bits):
    return Fraction(number(bits[1:]) - (2 ** (len(bits) - 1) if bits[0] == '1' else 0))


def canonical(exponent_bits, bias):
    """Exponent field, then fraction field: libnumber's equation 1."""
    def decode(bits):
        e, f = number(bits[:exponent_bits]), bits[exponent_bits:]
        fraction = Fraction(number(f), 2 ** len(f))
        return fraction * TWO ** (1 - bias) if e == 0 else (1 + fraction) * TWO ** (e - bias)
    return decode


def ieee(exponent_bits, top):
    """Canonical with the standard bias, one more for 'fnuz', and the specials of '', 'fn' and 'ieee'."""
    plain = canonical(exponent_bits, 2 ** (exponent_bits - 1) - (0 if top == 'fnuz' else 1))

    def decode(bits):
        e, f = bits[:exponent_bits], bits[exponent_bits:]
        if top == 'fn' and '0' not in bits:
            return 'nan'
        if top == 'ieee' and '0' not in e:
            return 'nan' if '1' in f else 'inf'
        return plain(bits)
    return decode


def negate(value):
    return {'nan': 'nan', 'inf': '-inf'}.get(value) if isinstance(value, str) else -value


def with_sign(magnitude):
    return lambda bits: negate(magnitude(bits[1:])) if bits[0] == '1' else magnitude(bits[1:])


def dybit(bits):
    n = len(bits)
    ones = len(bits) - len(bits.lstrip('1'))
    if ones == n:
        return TWO ** (n - 1)
    f = bits[ones + 1:]
    if ones == 0:
        return Fraction(number(f), 2 ** (n - 1))
    return TWO ** (ones - 1) * (1 + Fraction(number(f), 2 ** len(f)))


def flint(bits):
    """By the table of first-one exponents: 0, 0..01, 0..1x, ..., 1x..x, 10..1x, ..., 10..0."""
    n = len(bits)
    if '1' not in bits:
        return Fraction(0)
    if bits == '1' + '0' * (n - 1):
        return TWO ** (2 * n - 2)
    if bits[0] == '0':
        prefix = bits.index('1') + 1
        exponent = n - prefix
    else:
        second = bits.index('1', 1)
        prefix = second + 1
        exponent = n - 1 + second - 1
    f = bits[prefix:]
    return TWO**exponent * (1 + Fraction(number(f), 2 ** len(f)))


def posit_magnitude(bits, exponent_bits):
    """The string after the sign, not all zeros."""
    run = len(bits) - len(bits.lstrip(bits[0]))
    regime = run - 1 if bits[0] == '1' else -run
    rest = bits[run + 1:] + '0' * exponent_bits  # bits beyond the end are zeros
    e, f = rest[:exponent_bits], rest[exponent_bits:]
    useed = TWO ** (2**exponent_bits)
    return useed**regime * TWO ** number(e) * (1 + Fraction(number(f), 2 ** len(f)))


def posit(exponent_bits):
    def decode(bits):
        if '1' not in bits[1:]:
            return 'nan' if bits[0] == '1' else Fraction(0)
        if bits[0] == '0':
            return posit_magnitude(bits[1:], exponent_bits)
        complement = format(2 ** len(bits) - number(bits), f'0{len(bits)}b')
        return -posit_magnitude(complement[1:], exponent_bits)
    return decode


def unsigned_posit(exponent_bits):
    return lambda bits: posit_magnitude(bits, exponent_bits) if '1' in bits else Fraction(0)


POWERS = {}


def lns(fraction_bits):
    def decode(bits):
        if '1' not in bits:
            return Fraction(0)
        logarithm = Fraction(number(bits) - 2 ** (len(bits) - 1), 2**fraction_bits)
        whole, part = divmod(logarithm, 1)
        if part not in POWERS:
            POWERS[part] = power_of_two(part)
        return POWERS[part] * TWO**whole
    return decode


def adaptivfloat(exponent_bits):
    def decode(bits):
        if '1' not in bits:
            return Fraction(0)
        e, f = number(bits[:exponent_bits]), bits[exponent_bits:]
        return (1 + Fraction(number(f), 2 ** len(f))) * TWO ** (e - (2 ** (exponent_bits - 1) - 1))
    return decode


def apot_terms(b):
    """The powers of each term, ascending after 0, by dealing 2^-1, 2^-2, ... round the terms."""
    terms = [[] for _ in range(b // 2)]
    single = []
    power = 0
    for turn in range(3):
        if turn == 2 and b % 2:
            power -= 1
            single.append(TWO**power)
        for term in terms:
            power -= 1
            term.append(TWO**power)
    return [[Fraction(0)] + term[::-1] for term in terms] + ([[Fraction(0)] + single] if b % 2 else [])


def apot(bits):
    total, at = Fraction(0), 0
    for term in apot_terms(len(bits)):
        width = 2 if len(term) == 4 else 1
        total += term[number(bits[at:at + width])]
        at += width
    return total


NF4 = '''-1.0 -0.6961928009986877 -0.5250730514526367 -0.39491748809814453 -0.28444138169288635 -0.18477343022823334
-0.09105003625154495 0.0 0.07958029955625534 0.16093020141124725 0.24611230194568634 0.33791524171829224
0.44070982933044434 0.5626170039176941 0.7229568362236023 1.0'''.split()


def float32(text):
    value = Fraction(Decimal(text))
    if value == 0:
        return value
    return round_to_float32(value) if value > 0 else -round_to_float32(-value)


def odd(bits):
    return Fraction(sum((1 if bit == '1' else -1) * 2**place for place, bit in enumerate(reversed(bits))))


def s2fp8(alpha, beta):
    def magnitude(bits):
        y = ieee(5, 'ieee')(bits)
        if isinstance(y, str) or y == 0:
            return y
        shifted = (Decimal(y.numerator) / Decimal(y.denominator)).ln() / Decimal(2).ln() - Decimal(beta)
        return round_to_float32(Fraction(Decimal(2) ** (shifted / Decimal(alpha))))
    return with_sign(magnitude)


def codebook(values):
    table = [float32(value) for value in values]
    return lambda bits: table[number(bits)] if number(bits) < len(table) else 'nan'


def sign_or_not(unsigned, magnitude):
    return magnitude if unsigned else with_sign(magnitude)


def minifloat(u, x, y, fn):
    x, y = int(x), int(y)
    if fn == 'fnuz':
        plain = with_sign(ieee(x, 'fnuz'))
        return 1 + x + y, lambda bits: 'nan' if bits == '1' + '0' * (x + y) else plain(bits)
    return (0 if u else 1) + x + y, sign_or_not(u, ieee(x, 'ieee' if x >= 5 else fn))


def fixed_magnitude(integer_bits):
    return lambda bits: Fraction(number(bits), 2 ** (len(bits) - integer_bits))


def canonical_tuple(ns, ne, nf, bias):
    ns, ne, nf, bias = int(ns), int(ne), int(nf), int(bias)
    return ns + ne + nf, sign_or_not(ns == 0, canonical(ne, bias))


def esb(u, n, k):
    n, k = int(n), int(k)
    return n, sign_or_not(u, canonical(n - (0 if u else 1) - k, 1))


def exp(u, n):
    n = int(n)
    exponent_bits = n if u else n - 1
    return n, sign_or_not(u, canonical(exponent_bits, 2 ** (exponent_bits - 1) - 1))


PATTERNS = [
    (r'int(\d+)', lambda n: (int(n), twos_complement)),
    (r'uint(\d+)', lambda n: (int(n), lambda bits: Fraction(number(bits)))),
    (r'(u?)fixed(\d+)', lambda u, n: (int(n), sign_or_not(u, fixed_magnitude(1)))),
    (r'(u?)exp(\d+)', exp),
    (r'(u?)esb(\d+)_(\d+)', esb),
    (r'(u?)dybit(\d+)', lambda u, n: (int(n), sign_or_not(u, dybit))),
    (r'(u?)flint(\d+)', lambda u, n: (int(n), sign_or_not(u, flint))),
    (r'(u?)e(\d+)m(\d+)(fn|fnuz)?', minifloat),
    (r'bf16', lambda: minifloat('', 8, 7, None)),
    (r'fp16', lambda: minifloat('', 5, 10, None)),
    (r'<(\d+),(\d+),(\d+),(-?\d+)>', canonical_tuple),
    (r'posit(\d+)_(\d+)', lambda n, es: (int(n), posit(int(es)))),
    (r'uposit(\d+)_(\d+)', lambda n, es: (int(n), unsigned_posit(int(es)))),
    (r'(u?)lns(\d+)_(\d+)', lambda u, n, f: (int(n), sign_or_not(u, lns(int(f))))),
    (r'(u?)adaptivfloat(\d+)_(\d+)', lambda u, n, e: (int(n), sign_or_not(u, adaptivfloat(int(e))))),
    (r'(u?)apot(\d+)', lambda u, n: (int(n), sign_or_not(u, apot))),
    (r'nf4', lambda: (4, codebook(NF4))),
    (r'binary', lambda: (1, lambda bits: Fraction(1 if bits == '0' else -1))),
    (r'ternary', lambda: (2, lambda bits: 'nan' if bits == '10' else twos_complement(bits))),
    (r'odd(\d+)', lambda n: (int(n), odd)),
    (r'lut(\d+)\[(.*)\]', lambda n, values: (int(n), codebook(values.split(';')))),
    (r's2fp8\[(.*);(.*)\]', lambda alpha, beta: (8, s2fp8(alpha, beta))),
]


def decoder(name):
    if name == 'e8m0':
        return 8, lambda bits: 'nan' if '0' not in bits else TWO ** (number(bits) - 127)
    for pattern, make in PATTERNS:
        match = re.fullmatch(pattern, name)
        if match:
            return make(*match.groups())
    raise ValueError(name)
