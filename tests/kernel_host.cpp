// Runs the kernels of nms.cu on a CPU: one block after the other, with a CPU thread per CUDA thread.

#include <cmath>
#include <pthread.h>
#include <thread>
#include <vector>

#define __device__
#define __global__
#define __shared__ static

struct Place {
    unsigned x, y;
};

static Place blockIdx, blockDim;
static thread_local Place threadIdx;
static pthread_barrier_t together;

static void __syncthreads() { pthread_barrier_wait(&together); }

using std::pow;

#include SOURCE

// A thread returns from a kernel only where no other thread of its block waits for it.
template <class Kernel> static void run(unsigned x, unsigned y, unsigned block, Kernel kernel) {
    blockDim = {block, 1};
    pthread_barrier_init(&together, nullptr, block);
    for (unsigned i = 0; i < x * y; ++i) {
        blockIdx = {i % x, i / x};
        std::vector<std::thread> threads;
        for (unsigned own = 0; own < block; ++own)
            threads.emplace_back([own, kernel] {
                threadIdx = {own, 0};
                kernel();
            });
        for (std::thread &thread : threads)
            thread.join();
    }
    pthread_barrier_destroy(&together);
}

extern "C" void run_crowd(unsigned x, unsigned y, unsigned block, const Box *boxes,
                          const Line *lines, const int *tiles, const Bits *gone, Bits *bits,
                          int depth, float limit, double beta, int distant) {
    run(x, y, block,
        [=] { crowd(boxes, lines, tiles, gone, bits, depth, limit, beta, distant); });
}

extern "C" void run_sweep(unsigned x, unsigned y, unsigned block, const Line *lines,
                          const Bits *bits, Bits *gone, bool *stay, int panel, int depth) {
    run(x, y, block, [=] { sweep(lines, bits, gone, stay, panel, depth); });
}
