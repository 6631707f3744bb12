"""Which lines are clear, worked out the plain way? Building by building and wall by wall, without any grid.

Another way than the one that plans use, to be held against it: on the map a line crosses a wall where the ends of each
lie on either side of the other; a roof is crossed where the line has its height, if that place lies over the building.
"""

from collections.abc import Sequence

import numpy as np

from machinami.methods.line_of_sight import Bools
from machinami.methods.series import Floats
from machinami.services.watch_cameras.logic.seeded import Block


def plainly_clear(blocks: Sequence[Block], starts: Floats, ends: Floats) -> Bools:
    """For each line (n, 3) whether no building stands in its way."""
    found = np.ones(len(starts), dtype=np.bool_)
    low = np.minimum(starts, ends)
    high = np.maximum(starts, ends)
    for block in blocks:
        least, most = block.ring.min(axis=0), block.ring.max(axis=0)
        near = ((low[:, :2] <= most) & (high[:, :2] >= least)).all(axis=1) & (low[:, 2] < block.height)
        near &= found
        lines = np.flatnonzero(near)
        if lines.size:
            found[lines] = ~_crosses(block, starts[lines], ends[lines])
    return found


def _crosses(block: Block, starts: Floats, ends: Floats) -> Bools:
    way = ends - starts
    found = np.zeros(len(starts), dtype=np.bool_)
    level = way[:, 2] == 0
    when = np.where(level, -1.0, (block.height - starts[:, 2]) / np.where(level, 1.0, way[:, 2]))
    over = starts[:, :2] + when[:, None] * way[:, :2]
    odd = np.zeros(len(starts), dtype=np.bool_)
    for one, other in zip(block.ring, np.roll(block.ring, -1, axis=0), strict=True):
        wall = other - one
        begin = wall[0] * (starts[:, 1] - one[1]) - wall[1] * (starts[:, 0] - one[0])
        end = wall[0] * (ends[:, 1] - one[1]) - wall[1] * (ends[:, 0] - one[0])
        left = way[:, 0] * (one[1] - starts[:, 1]) - way[:, 1] * (one[0] - starts[:, 0])
        right = way[:, 0] * (other[1] - starts[:, 1]) - way[:, 1] * (other[0] - starts[:, 0])
        meets = (begin * end < 0) & (left * right < 0)
        share = np.where(meets, begin / np.where(meets, begin - end, 1.0), 0.0)
        height = starts[:, 2] + share * way[:, 2]
        found |= meets & (height > 0.0) & (height < block.height)
        straddles = (one[1] > over[:, 1]) != (other[1] > over[:, 1])
        rise = wall[1] if wall[1] != 0 else 1.0
        odd ^= straddles & (over[:, 0] < one[0] + (over[:, 1] - one[1]) * wall[0] / rise)
    return np.asarray(found | (odd & (when > 0.0) & (when < 1.0)), dtype=np.bool_)
