# What lamina's targets take from outside; the installed package reads this, too. lamina::lamina needs Eigen and
# threads; each further target exists only where its libraries do, and our own programs need them all.

# lamina_find(PACKAGE DEBIAN_PACKAGE TARGET [FOR who-needs-it]): looks for a package; without FOR it is required always,
# else it is required when one of the variables after FOR is on.
function(lamina_find package debian target)
  cmake_parse_arguments(PARSE_ARGV 3 arg "" "" FOR)
  find_package(${package} QUIET GLOBAL)
  if(TARGET ${target})
    return()
  endif()
  set(needed ON)
  if(arg_FOR)
    set(needed OFF)
    foreach(option IN LISTS arg_FOR)
      if(${option})
        set(needed ON)
      endif()
    endforeach()
  endif()
  if(needed)
    message(FATAL_ERROR "lamina: ${package} was not found; on Debian it is the package ${debian}")
  endif()
  message(STATUS "lamina: ${package} was not found (Debian package ${debian}); the targets that need it are left out")
endfunction()

set(lamina_programs LAMINA_BUILD_TESTS LAMINA_BUILD_FUZZERS LAMINA_BUILD_EXAMPLES LAMINA_BUILD_BENCHMARKS)
set(THREADS_PREFER_PTHREAD_FLAG ON)

lamina_find(Threads libc6-dev Threads::Threads)
lamina_find(Eigen3 libeigen3-dev Eigen3::Eigen)
lamina_find(nlohmann_json nlohmann-json3-dev nlohmann_json::nlohmann_json FOR ${lamina_programs})
lamina_find(JPEG libjpeg62-turbo-dev JPEG::JPEG FOR ${lamina_programs})
lamina_find(PNG libpng-dev PNG::PNG FOR ${lamina_programs})

# yaml-cpp 0.7 calls its target yaml-cpp, later versions yaml-cpp::yaml-cpp.
find_package(yaml-cpp QUIET GLOBAL)
if(TARGET yaml-cpp AND NOT TARGET yaml-cpp::yaml-cpp)
  add_library(yaml-cpp::yaml-cpp INTERFACE IMPORTED GLOBAL)
  target_link_libraries(yaml-cpp::yaml-cpp INTERFACE yaml-cpp)
endif()
lamina_find(yaml-cpp libyaml-cpp-dev yaml-cpp::yaml-cpp FOR ${lamina_programs})
