# What our own programs are built with, on top of the library's targets. Nothing here reaches a consumer.

if(LAMINA_BUILD_TESTS)
  lamina_find(doctest doctest-dev doctest::doctest)
endif()
if(LAMINA_BUILD_BENCHMARKS)
  lamina_find(benchmark libbenchmark-dev benchmark::benchmark)
endif()
if(LAMINA_BUILD_EXAMPLES OR LAMINA_BUILD_BENCHMARKS)
  lamina_find(CLI11 libcli11-dev CLI11::CLI11)
endif()

add_library(lamina_development INTERFACE)
target_compile_options(lamina_development INTERFACE -Wall -Wextra -Wshadow -Wconversion)
if(LAMINA_SANITIZE)
  target_compile_options(lamina_development INTERFACE
    -fsanitize=${LAMINA_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(lamina_development INTERFACE -fsanitize=${LAMINA_SANITIZE})
  if(LAMINA_SANITIZE MATCHES thread AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(lamina_development INTERFACE -Wno-tsan)  # of a fence in Eigen's thread pool, in every source
  endif()
endif()

# Every target of the library at once: linking is cheap, and a program may include any header.
add_library(lamina_everything INTERFACE)
list(TRANSFORM lamina_targets PREPEND lamina:: OUTPUT_VARIABLE every_target)
target_link_libraries(lamina_everything INTERFACE ${every_target} lamina_development)

find_program(LAMINA_CCACHE ccache)
if(LAMINA_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${LAMINA_CCACHE})
endif()

set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
