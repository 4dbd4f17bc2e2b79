# One INTERFACE target for each group of folders under include/lamina. A target's consumer gets its include directory,
# its libraries and C++20, and no other flag.

# lamina_target(NAME FOLDERS folder… [FILES header…] [WITHOUT header…] NEEDS target…): the target lamina::NAME, made of
# the folders' headers but those after WITHOUT, and of single headers. It is left out where a needed target is absent.
set(lamina_targets "")
function(lamina_target name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "FOLDERS;FILES;WITHOUT;NEEDS")
  foreach(needed IN LISTS arg_NEEDS)
    if(NOT TARGET ${needed})
      return()
    endif()
  endforeach()
  set(headers "")
  foreach(folder IN LISTS arg_FOLDERS)
    file(GLOB found CONFIGURE_DEPENDS include/lamina/${folder}/*.hpp include/lamina/${folder}/*.inl)
    list(APPEND headers ${found})
  endforeach()
  foreach(file IN LISTS arg_FILES)
    list(APPEND headers ${PROJECT_SOURCE_DIR}/include/lamina/${file})
  endforeach()
  foreach(file IN LISTS arg_WITHOUT)
    list(REMOVE_ITEM headers ${PROJECT_SOURCE_DIR}/include/lamina/${file})
  endforeach()

  add_library(lamina_${name} INTERFACE)
  add_library(lamina::${name} ALIAS lamina_${name})
  set_target_properties(lamina_${name} PROPERTIES EXPORT_NAME ${name})
  target_compile_features(lamina_${name} INTERFACE cxx_std_20)
  target_link_libraries(lamina_${name} INTERFACE ${arg_NEEDS})
  target_sources(lamina_${name} INTERFACE FILE_SET HEADERS BASE_DIRS include FILES ${headers})
  set(lamina_targets ${lamina_targets} ${name} PARENT_SCOPE)
  set(lamina_${name}_needs ${arg_NEEDS} PARENT_SCOPE)
endfunction()

lamina_target(lamina
  FOLDERS core simd kernels ops graph layers models metrics
  FILES lamina.hpp
  NEEDS Eigen3::Eigen Threads::Threads)
lamina_target(formats
  FOLDERS formats
  WITHOUT formats/safetensors.hpp
  NEEDS lamina::lamina)
lamina_target(safetensors
  FILES formats/safetensors.hpp
  NEEDS lamina::formats nlohmann_json::nlohmann_json)
lamina_target(image
  FOLDERS image
  NEEDS lamina::formats JPEG::JPEG PNG::PNG)
lamina_target(augment
  FOLDERS augment
  NEEDS lamina::image)
lamina_target(data
  FOLDERS data
  NEEDS lamina::augment yaml-cpp::yaml-cpp)
lamina_target(predict
  FOLDERS predict
  NEEDS lamina::image lamina::safetensors)
lamina_target(train
  FOLDERS train
  NEEDS lamina::data lamina::predict)
