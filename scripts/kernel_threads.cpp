// nms.cu on a CPU, for sanitizers: a thread per CUDA thread, and two blocks at a time.
// Blocks come in a random order, and threads yield at random, so that few orders are never seen.
//
// Reads launches from stdin and answers each on stdout. All numbers are 64 bits. A launch is the
// kernel (0 crowd, 1 sweep), the grid's two sides, the threads of a block, the number of
// arguments, and of each argument its bytes and how many they are; the answer is the arguments'
// bytes after it.

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#define __device__
#define __global__
#define __shared__ static // of a block: the two blocks at a time are of two copies of the kernels

struct Place {
    unsigned x, y;
};

// Threads that left the kernel are not waited for, as in CUDA.
class Barrier {
    std::mutex mutex;
    std::condition_variable passed;
    unsigned running, waiting = 0, turn = 0;

    void pass() {
        waiting = 0;
        ++turn;
        passed.notify_all();
    }

  public:
    explicit Barrier(unsigned threads) : running(threads) {}

    void wait() {
        std::unique_lock<std::mutex> lock(mutex);
        const unsigned now = turn;
        if (++waiting == running)
            pass();
        else
            passed.wait(lock, [&] { return turn != now; });
    }

    void leave() {
        std::unique_lock<std::mutex> lock(mutex);
        if (--running && waiting == running)
            pass();
    }
};

static thread_local Place blockIdx, blockDim, threadIdx;
static thread_local Barrier *barrier;
static thread_local unsigned chance;

static void sometimes_yield() {
    chance = chance * 1664525u + 1013904223u;
    if (chance >> 29 == 0)
        std::this_thread::yield();
}

static void __syncthreads() {
    sometimes_yield();
    barrier->wait();
    sometimes_yield();
}

using std::pow;

#define crowd first_crowd
#define sweep first_sweep
namespace first {
#include SOURCE
}
#undef crowd
#undef sweep
#define crowd second_crowd
#define sweep second_sweep
namespace second {
#include SOURCE
}
#undef crowd
#undef sweep

typedef std::vector<std::unique_ptr<char[]>> Arguments; // each of its own size exactly

template <class T> static T *array(const Arguments &all, int place) {
    return reinterpret_cast<T *>(all[place].get());
}

template <class T> static T value(const Arguments &all, int place) {
    return *array<T>(all, place);
}

#define CALL_CROWD(COPY)                                                                           \
    COPY::COPY##_crowd(array<COPY::Box>(a, 0), array<COPY::Line>(a, 1), array<int>(a, 2),          \
                       array<COPY::Bits>(a, 3), array<COPY::Bits>(a, 4), value<int>(a, 5),         \
                       value<float>(a, 6), value<double>(a, 7), value<int>(a, 8))
#define CALL_SWEEP(COPY)                                                                           \
    COPY::COPY##_sweep(array<COPY::Line>(a, 0), array<COPY::Bits>(a, 1), array<COPY::Bits>(a, 2),  \
                       array<bool>(a, 3), value<int>(a, 4), value<int>(a, 5))

static void call(long long kernel, bool other, const Arguments &a) {
    if (kernel == 0)
        other ? CALL_CROWD(second) : CALL_CROWD(first);
    else
        other ? CALL_SWEEP(second) : CALL_SWEEP(first);
}

static void run(const long long *launch, const Arguments &arguments) {
    const unsigned x = (unsigned)launch[1], count = x * (unsigned)launch[2];
    const unsigned block = (unsigned)launch[3];
    static std::mt19937 numbers(7);
    std::vector<unsigned> order(count);
    for (unsigned i = 0; i < count; ++i)
        order[i] = i;
    std::shuffle(order.begin(), order.end(), numbers);
    for (unsigned start = 0; start < count; start += 2) {
        std::vector<std::unique_ptr<Barrier>> barriers;
        std::vector<std::thread> threads;
        for (unsigned k = start; k < std::min(start + 2, count); ++k) {
            barriers.emplace_back(new Barrier(block));
            Barrier *own = barriers.back().get();
            const unsigned id = order[k], seed = (unsigned)numbers();
            const bool other = k > start;
            for (unsigned t = 0; t < block; ++t)
                threads.emplace_back([=, &arguments] {
                    blockIdx = {id % x, id / x};
                    blockDim = {block, 1};
                    threadIdx = {t, 0};
                    barrier = own;
                    chance = seed + t * 7919;
                    sometimes_yield();
                    call(launch[0], other, arguments);
                    own->leave();
                });
        }
        for (std::thread &thread : threads)
            thread.join();
    }
}

static bool read(void *place, size_t bytes) { return fread(place, 1, bytes, stdin) == bytes; }

int main() {
    long long launch[5];
    while (read(launch, sizeof launch)) {
        Arguments arguments;
        std::vector<long long> sizes;
        for (long long i = 0; i < launch[4]; ++i) {
            long long bytes;
            if (!read(&bytes, sizeof bytes))
                return 2;
            arguments.emplace_back(new char[(size_t)bytes]);
            sizes.push_back(bytes);
            if (!read(arguments.back().get(), (size_t)bytes))
                return 2;
        }
        run(launch, arguments);
        for (size_t i = 0; i < sizes.size(); ++i)
            fwrite(arguments[i].get(), 1, (size_t)sizes[i], stdout);
        fflush(stdout);
    }
    return 0;
}
