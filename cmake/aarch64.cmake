# Toolchain file: Debian's cross compiler for AArch64, libraries from cmake/aarch64_libraries.sh, tests run by qemu.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)

# Nothing is looked for among this machine's own libraries and headers, which are another processor's.
set(libraries ${CMAKE_CURRENT_LIST_DIR}/../build/aarch64-libraries)
if(NOT EXISTS ${libraries}/complete)
  message(FATAL_ERROR "${libraries} is missing or not complete; run cmake/aarch64_libraries.sh")
endif()
set(CMAKE_FIND_ROOT_PATH ${libraries})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_CXX_STANDARD_INCLUDE_DIRECTORIES ${libraries}/usr/include/aarch64-linux-gnu)  # jconfig.h is there

# The compiler's own libraries are below -L; LD_LIBRARY_PATH names the others.
set(CMAKE_CROSSCOMPILING_EMULATOR
  qemu-aarch64 -L /usr/aarch64-linux-gnu -E LD_LIBRARY_PATH=${libraries}/usr/lib/aarch64-linux-gnu)
