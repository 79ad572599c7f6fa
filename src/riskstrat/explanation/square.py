"""Four rows of a table added to four columns at once, with the vector registers of any processor.

A table holds what a state gives to its columns side by side, so that a look-up is one run of memory;
the columns of a block of rows lie apart. Turning four times four numbers round between registers is
several times faster than moving them one by one, and the compiler does not find it by itself.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

__all__ = ["SIDE", "add_square"]

SIDE = 4
"""Rows and columns of a square: four double-precision numbers fill a 256-bit register."""

_SQUARE = tuple[Any, ...]


@intrinsic  # type: ignore[untyped-decorator]  # numba has no types
def add_square(typing: Any, values: Any, starts: Any, found: Any, places: Any) -> _SQUARE:  # noqa: ANN401
    """Add ``values[starts[i] + j]`` to ``found[places[j] + i]`` for i and j from 0 to 3.

    Only for compiled code. Nothing is checked: the caller keeps within the arrays.

    Parameters
    ----------
    values, found : one-dimensional contiguous arrays of float64
    starts, places : tuples of four int64
    """
    signature = types.void(values, starts, found, places)
    return signature, _build_square


def _build_square(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401
    four = ir.VectorType(ir.DoubleType(), SIDE)

    def at(array: int, place: Any) -> Any:  # noqa: ANN401
        kind = signature.args[array]
        data = cgutils.create_struct_proxy(kind)(context, builder, arguments[array]).data
        return builder.bitcast(builder.gep(data, [place]), four.as_pointer())

    def mixed(first: Any, second: Any, *lanes: int) -> Any:  # noqa: ANN401
        mask = ir.Constant(ir.VectorType(ir.IntType(32), SIDE), list(lanes))
        return builder.shuffle_vector(first, second, mask)

    starts, places = (cgutils.unpack_tuple(builder, arguments[k]) for k in (1, 3))
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
