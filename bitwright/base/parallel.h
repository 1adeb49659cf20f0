#pragma once
// Work on all cores whose result does not depend on how many there are: the caller fixes the
// pieces, threads only decide who does which.

#include <cstddef>
#include <functional>

namespace bw {

// Threads used when a caller passes 0: the number of cores this process may use.
int DefaultThreads();

// Calls body(piece, worker) once for each piece in [0, pieces), worker in [0, threads); returns
// when all are done. With one thread, pieces run in order on the calling thread. Exceptions must
// not leave the body.
void ParallelFor(std::size_t pieces, int threads,
                 const std::function<void(std::size_t piece, int worker)>& body);

}  // namespace bw
