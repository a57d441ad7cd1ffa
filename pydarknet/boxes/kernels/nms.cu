// Suppression of boxes for pydarknet/boxes/nms.py: marks the boxes of each line that stay.
//
// A line holds the boxes of one class of one image, best first. `crowd` compares boxes in tiles of
// 64 x 64, with one bit per pair. Then `sweep` walks down each line in one block, and removes the
// boxes that a staying box suppresses. Both work panel by panel, `depth` tiles of every line at a
// time, so that memory need not hold all bits of a long line; a later panel skips removed boxes.
//
// The result is that of the CPU to the last bit: every operation is that of pydarknet/boxes/box.py,
// in float32 and in the same order; minimum and maximum are numpy's (NaN wins); only the power is
// computed in double. Therefore compile with --fmad=false, and without fast math.
//
// Darknet: src/box.c do_nms_sort, diounms_sort, box_iou, box_diounms

typedef unsigned long long Bits; // 64 boxes of a line; bit i is box i of its tile

const int TILE = 64;
const float LARGEST = 3.402823466e38f;

struct Box {
    float x, y, w, h; // centre and size
};

struct Line {
    long long first; // index of its first box
    long long count; // the number of its boxes
    long long gone;  // index of its first word in `gone`: a bit per removed box
    long long bits;  // index of its first word in `bits`: a bit per pair, set if a suppresses b
};

__device__ inline int tiles_of(const Line &line) { return (int)((line.count + TILE - 1) / TILE); }

__device__ inline float least(float a, float b) { return a < b || a != a ? a : b; }

__device__ inline float most(float a, float b) { return a > b || a != a ? a : b; }

// The overlap of two intervals, given by centre and length; 0 if they are disjoint.
__device__ inline float shared(float a, float a_length, float b, float b_length) {
    float first = most(a - a_length / 2, b - b_length / 2);
    float length = least(a + a_length / 2, b + b_length / 2) - first;
    return length < 0 ? 0 : length;
}

// The square of the length of the hull of two intervals.
__device__ inline float squared_span(float a, float a_length, float b, float b_length) {
    float first = least(a - a_length / 2, b - b_length / 2);
    float span = most(a + a_length / 2, b + b_length / 2) - first;
    return span * span;
}

__device__ inline float iou(const Box &a, const Box &b) {
    float both = shared(a.x, a.w, b.x, b.w) * shared(a.y, a.h, b.y, b.h);
    float ratio = both / (a.w * a.h + b.w * b.h - both);
    return ratio <= LARGEST ? ratio : 0; // also 0 if NaN or infinite
}

// The penalty of DIoU, (d^2 / c^2) ^ beta, where 0 / 0 is 0.
__device__ inline float penalty(const Box &a, const Box &b, double beta) {
    float across = a.x - b.x, down = a.y - b.y;
    float apart = across * across + down * down;
    float ratio = apart / (squared_span(a.x, a.w, b.x, b.w) + squared_span(a.y, a.h, b.y, b.h));
    ratio = ratio == ratio ? least(ratio, LARGEST) : 0;
    return (float)pow((double)ratio, beta);
}

// Whether a suppresses b. The penalty is never negative: it matters only if the IoU is enough.
__device__ inline bool crowds(const Box &a, const Box &b, float limit, double beta, int distant) {
    float overlap = iou(a, b);
    return overlap > limit && (!distant || overlap - penalty(a, b, beta) > limit);
}

// Compare a tile of a line with the boxes of the same tile or a later one.
// Grid: the tiles of a panel, the widest line's tiles from the panel on. Block: 64 boxes.
extern "C" __global__ void crowd(const Box *boxes, const Line *lines, const int *tiles,
                                 const Bits *gone, Bits *bits, int depth, float limit,
                                 double beta, int distant) {
    const Line line = lines[tiles[2 * blockIdx.x]];
    const int tile = tiles[2 * blockIdx.x + 1], words = tiles_of(line);
    const int panel = tile / depth * depth, other = panel + (int)blockIdx.y;
    if (other < tile || other >= words)
        return; // the same for the whole block
    __shared__ Box others[TILE];
    const long long left = line.count - (long long)other * TILE;
    const int count = left < TILE ? (int)left : TILE, own = (int)threadIdx.x;
    if (own < count)
        others[own] = boxes[line.first + (long long)other * TILE + own];
    __syncthreads();
    const long long row = (long long)tile * TILE + own;
    if (row >= line.count || gone[line.gone + tile] >> own & 1)
        return; // a removed box suppresses none, and its bits are never read
    const Box box = boxes[line.first + row];
    Bits out = 0;
    for (int i = other == tile ? own + 1 : 0; i < count; ++i)
        if (crowds(box, others[i], limit, beta, distant))
            out |= 1ULL << i;
    bits[line.bits + (row - (long long)panel * TILE) * words + other] = out;
}

// Walk down the tiles of a panel; mark suppressed boxes in `gone`, and the others in `stay`.
// Grid: the lines. Block: at least 64 threads. `panel` is the number of the panel's first tile.
extern "C" __global__ void sweep(const Line *lines, const Bits *bits, Bits *gone, bool *stay,
                                 int panel, int depth) {
    const Line line = lines[blockIdx.x];
    const int own = (int)threadIdx.x, words = tiles_of(line);
    const int last = panel + depth < words ? panel + depth : words;
    __shared__ Bits within[TILE]; // the boxes of the tile that each of its boxes suppresses
    __shared__ int standing[TILE], standings;
    for (int tile = panel; tile < last; ++tile) {
        const Bits *rows = bits + line.bits + (long long)(tile - panel) * TILE * words;
        bool *here = stay + line.first + (long long)tile * TILE;
        const long long left = line.count - (long long)tile * TILE;
        const int count = left < TILE ? (int)left : TILE;
        if (own < count) {
            within[own] = rows[(long long)own * words + tile];
            here[own] = false;
        }
        __syncthreads();
        if (own == 0) {
            Bits out = gone[line.gone + tile];
            standings = 0;
            for (int i = 0; i < count; ++i)
                if (!(out >> i & 1)) {
                    out |= within[i];
                    standing[standings++] = i;
                }
        }
        __syncthreads();
        if (own < standings)
            here[standing[own]] = true;
        for (int other = tile + 1 + own; other < words; other += (int)blockDim.x) {
            Bits out = gone[line.gone + other];
            for (int i = 0; i < standings; ++i)
                out |= rows[(long long)standing[i] * words + other];
            gone[line.gone + other] = out;
        }
        __syncthreads();
    }
}
