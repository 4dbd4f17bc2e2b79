# Finds nvcc on PATH or under CUDA_HOME. Where there is none, the CUDA parts are left out and the build says so.
find_program(LAMINA_NVCC nvcc HINTS $ENV{CUDA_HOME}/bin)
file(GLOB_RECURSE cuda_headers CONFIGURE_DEPENDS cuda/*.cuh)
list(LENGTH cuda_headers cuda_header_count)
if(NOT LAMINA_NVCC)
  message(STATUS "lamina: CUDA skipped: no nvcc on PATH, and CUDA_HOME does not name a toolkit")
elseif(cuda_header_count EQUAL 0)
  message(STATUS "lamina: CUDA: ${LAMINA_NVCC} found; the library has no CUDA kernel yet, nothing to compile")
endif()
