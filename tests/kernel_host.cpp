// Runs the kernels of nms.cu on a CPU: one block after the other, with a context per CUDA thread.
// The contexts take turns: each runs to the next barrier, or to its end. Every other round begins
// with the last of them, so that none gets by without a barrier what another leaves for it.

#include <cmath>
#include <functional>
#include <ucontext.h>
#include <vector>

#define __device__
#define __global__
#define __shared__ static

struct Place {
    unsigned x, y;
};

struct Thread {
    ucontext_t context;
    std::vector<char> stack = std::vector<char>(1 << 16);
    bool ended;
};

static Place blockIdx, blockDim, threadIdx;
static std::vector<Thread> threads;
static ucontext_t scheduler;
static std::function<void()> work;

static void __syncthreads() { swapcontext(&threads[threadIdx.x].context, &scheduler); }

using std::pow;

#include SOURCE

static void one_thread() {
    work();
    threads[threadIdx.x].ended = true;
}

static void start(Thread &thread) {
    getcontext(&thread.context);
    thread.context.uc_stack.ss_sp = thread.stack.data();
    thread.context.uc_stack.ss_size = thread.stack.size();
    thread.context.uc_link = &scheduler;
    thread.ended = false;
    makecontext(&thread.context, one_thread, 0);
}

// A thread returns from a kernel only where no other thread of its block waits for it.
template <class Kernel> static void run(unsigned x, unsigned y, unsigned block, Kernel kernel) {
    blockDim = {block, 1};
    threads.resize(block);
    work = kernel;
    for (unsigned i = 0; i < x * y; ++i) {
        blockIdx = {i % x, i / x};
        for (Thread &thread : threads)
            start(thread);
        bool running = true;
        for (unsigned round = 0; running; ++round) {
            running = false;
            for (unsigned turn = 0; turn < block; ++turn) {
                const unsigned own = round % 2 ? block - 1 - turn : turn;
                if (threads[own].ended)
                    continue;
                threadIdx = {own, 0};
                swapcontext(&scheduler, &threads[own].context);
                running = running || !threads[own].ended;
            }
        }
    }
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
