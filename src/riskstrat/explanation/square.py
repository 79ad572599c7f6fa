"""Four rows of a table added to four columns at once, with the vector registers of any processor.

A table holds what a state gives to its columns side by side, so that a look-up is one run of
memory; the columns of a block of rows lie apart. Turning four times four numbers round between
registers is several times faster than moving them one by one, and no compiler finds it by itself.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

__all__ = ["SIDE", "add_square"]

_proxy: Any = cgutils.create_struct_proxy  # numba has no types for these
_unpacked: Any = cgutils.unpack_tuple

SIDE = 4
"""Rows and columns of a square: four double-precision numbers fill a 256-bit register."""


def _typed_square(_: Any, values: Any, starts: Any, found: Any, places: Any) -> tuple[Any, Any]:
    return types.void(values, starts, found, places), _build_square


add_square: Any = intrinsic(_typed_square)
"""Add ``values[starts[i] + j]`` to ``found[places[j] + i]`` for i and j from 0 to 3.

Only for compiled code; nothing is checked. `values` and `found` are contiguous arrays of float64
of one dimension, `starts` and `places` tuples of four int64 that keep within them.
"""


def _build_square(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    four = ir.VectorType(ir.DoubleType(), SIDE)

    def at(array: int, place: Any) -> Any:
        kind = signature.args[array]
        data = _proxy(kind)(context, builder, arguments[array]).data
        return builder.bitcast(builder.gep(data, [place]), four.as_pointer())

    def mixed(first: Any, second: Any, *lanes: int) -> Any:
        mask = ir.Constant(ir.VectorType(ir.IntType(32), SIDE), list(lanes))
        return builder.shuffle_vector(first, second, mask)

    starts, places = (_unpacked(builder, arguments[k]) for k in (1, 3))
    rows = [builder.load(at(0, start), align=8) for start in starts]
    even = [mixed(rows[k], rows[k + 1], 0, 4, 2, 6) for k in (0, 2)]
    odd = [mixed(rows[k], rows[k + 1], 1, 5, 3, 7) for k in (0, 2)]
    columns = [
        mixed(*even, 0, 1, 4, 5),
        mixed(*odd, 0, 1, 4, 5),
        mixed(*even, 2, 3, 6, 7),
        mixed(*odd, 2, 3, 6, 7),
    ]
    for place, column in zip(places, columns, strict=True):
        pointer = at(2, place)
        total = builder.fadd(builder.load(pointer, align=8), column)
        builder.store(total, pointer, align=8)
    return context.get_dummy_value()
