#!/usr/bin/env python3
"""Writes the test vectors of the number formats: make_vectors.py [folder, default this one].

tables.txt  of each format up to 8 bits: name, value of code 0, 1, ...
sums.txt    of each wider format: name, CRC-32 (of zlib) of the values of its codes, each followed by a newline
ties.txt    of each format up to 8 bits: name, for each gap between neighbouring values, ascending, 1 where the midpoint
            belongs to the upper value, else 0
codes.txt   of each format: name, then pairs of a double and its code

Fields are separated by blanks. A value is 0, nan, inf, -inf or <odd integer>p<power of two>. Only Python's own exact
rationals are used, and 60 decimal digits for logarithmic formats; never the library.
"""
import bisect
import os
import random
import sys
import zlib
from fractions import Fraction

from families import TWO, decoder


def each(prefix, numbers):
    return [f'{prefix}{n}' for n in numbers]


SMALL = [
    *each('int', range(2, 9)), *each('uint', range(1, 9)), *each('fixed', range(2, 9)), *each('ufixed', (1, 3, 4, 8)),
    *each('exp', range(2, 9)), *each('uexp', range(1, 8)), *each('dybit', range(2, 9)), *each('udybit', range(1, 9)),
    *each('flint', range(2, 9)), *each('uflint', (1, 3, 4, 8)),
    *[f'esb{n}_{k}' for n in range(2, 9) for k in range(0, n - 1)],
    *each('uesb', ('2_0', '3_1', '4_1', '4_2', '6_4', '8_1', '8_6')),
    *each('e', ('1m1', '1m2', '2m1', '2m2', '2m3', '3m1', '3m2', '3m3', '3m4', '4m2', '4m3fn', '4m3fnuz', '5m2')),
    'e5m2fnuz', 'e6m1',
    *each('ue', ('2m1', '2m2', '3m2', '4m3fn', '4m4', '5m3')), 'e8m0',
    *each('<', ('1,2,1,1>', '1,0,7,3>', '1,3,0,3>', '1,4,3,7>', '0,2,2,1>', '1,5,2,16>', '1,0,1,-4>', '1,7,0,63>')),
    *[f'posit{n}_{es}' for n in (2, 3, 4, 5, 6, 7, 8) for es in (0, 1, 2) if n != 7 or es == 1],
    *each('uposit', ('4_1', '8_1', '8_2')),
    *each('lns', ('3_0', '4_0', '4_1', '5_1', '5_2', '6_2', '6_3', '7_3', '8_3', '8_4')),
    *each('ulns', ('4_1', '6_3', '8_4')),
    *each('adaptivfloat', ('3_1', '4_2', '4_3', '5_2', '5_3', '6_3', '7_3', '8_3', '8_4')),
    *each('uadaptivfloat', ('4_2', '8_3')),
    *each('apot', range(3, 9)), *each('uapot', (2, 4, 6, 8)), 'nf4', 'binary', 'ternary', *each('odd', range(1, 9)),
    'lut1[-0.5;0.1]', 'lut2[-1.25;0;0.1;3]', 'lut3[0.001;1;2;4;8.5]', 's2fp8[1;0]', 's2fp8[7.5;-7.5]',
    's2fp8[0.75;12.5]',
]
WIDE = ['int16', 'fixed16', 'int12', 'ufixed12', 'dybit12', 'dybit16', 'udybit12', 'flint16', 'esb12_5',
        'bf16', 'fp16', 'e5m8', 'e4m7fn', '<1,5,10,15>', '<1,6,8,31>', 'posit12_1', 'posit16_1', 'posit16_2',
        'uposit12_2', 'lns12_6', 'lns16_9', 'adaptivfloat16_5', 'apot9', 'odd12']


def text(value):
    if isinstance(value, str) or value == 0:
        return str(value)
    zeros = (value.numerator & -value.numerator).bit_length() - 1
    odd, power = value.numerator >> zeros, zeros - (value.denominator.bit_length() - 1)
    assert value.denominator & (value.denominator - 1) == 0
    return f'{odd}p{power}'


def table(name):
    bits, decode = decoder(name)
    return [decode(format(code, f'0{bits}b')) for code in range(2**bits)]


def ascending(values):
    """Distinct finite values, each with its lowest code."""
    codes = {}
    for code, value in enumerate(values):
        if not isinstance(value, str):
            codes.setdefault(value, code)
    return sorted(codes.items())


def upper_owns(low, high):
    """Whether the midpoint of two (value, code) belongs to the upper one."""
    if low[1] % 2 != high[1] % 2:
        return high[1] % 2 == 0
    return abs(high[0]) < abs(low[0])


def encode(points, keys, x):
    at = bisect.bisect_left(keys, x)
    if at == len(points):
        return points[-1][1]
    if at == 0 or keys[at] == x:
        return points[at][1]
    low, high = points[at - 1], points[at]
    below, above = x - low[0], high[0] - x
    if below == above:
        return (high if upper_owns(low, high) else low)[1]
    return (low if below < above else high)[1]


def to_double(x):
    """The double nearest to a rational, as a rational."""
    return Fraction(x.numerator / x.denominator)


def probes(points, rng):
    """Doubles that are hard to round: midpoints and their neighbours, subnormals, beyond the range."""
    for sign in (1, -1):
        yield sign * TWO**-1074
        yield sign * TWO**-149
        yield sign * 3 * TWO**1021
    for _ in range(4):
        at = rng.randrange(max(1, len(points) - 1))
        low, high = points[at][0], points[min(at + 1, len(points) - 1)][0]
        middle = to_double((low + high) / 2)
        step = abs(middle) * TWO**-52 if middle else TWO**-60
        yield middle
        yield to_double(middle + step)
        yield to_double(middle - step)
        yield to_double(low + (high - low) * Fraction(rng.randrange(2**20), 2**20))


def checksum(values):
    return f'{zlib.crc32("".join(text(value) + chr(10) for value in values).encode()):08x}'


def write(folder, name, rows):
    with open(os.path.join(folder, name), 'w', encoding='ascii', newline='\n') as file:
        for row in rows:
            file.write(' '.join(row) + '\n')


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
    tables, sums, ties, codes = [], [], [], []
    for name in SMALL + WIDE:
        values = table(name)
        points = ascending(values)
        keys = [value for value, _ in points]
        if name in SMALL:
            tables.append([name, *map(text, values)])
            ties.append([name, ''.join('01'[upper_owns(*pair)] for pair in zip(points, points[1:]))])
        else:
            sums.append([name, checksum(values)])
        row = [name]
        for x in probes(points, random.Random(name)):
            row += [text(x), str(encode(points, keys, x))]
        codes.append(row)
    write(folder, 'tables.txt', tables)
    write(folder, 'sums.txt', sums)
    write(folder, 'ties.txt', ties)
    write(folder, 'codes.txt', codes)


if __name__ == '__main__':
    main()
