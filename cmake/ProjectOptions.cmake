# What every target of ours is compiled with: the standard, warnings as errors, hardening, sanitizers.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

option(TOKENBROKER_SANITIZE "AddressSanitizer and UndefinedBehaviorSanitizer" OFF)
option(TOKENBROKER_COVERAGE "gcov instrumentation" OFF)
option(TOKENBROKER_LIBFUZZER "Fuzz targets run by libFuzzer (clang), which watches what all rooms run" OFF)

find_program(TOKENBROKER_CCACHE ccache)
if(TOKENBROKER_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${TOKENBROKER_CCACHE}")
endif()
# Releases are compiled some files at a time: what they have in common, templates above all, is compiled once, and a
# build takes a third of the time. A debug build compiles each file alone, and so does scripts/checks/alone, which
# finds what a file forgot to include.
if(CMAKE_UNITY_BUILD)
  set(CMAKE_UNITY_BUILD_BATCH_SIZE 8)
endif()
# -O3 makes a build a tenth longer and the binary larger, and nothing here faster.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")

add_library(project_options INTERFACE)
target_include_directories(project_options INTERFACE "${PROJECT_SOURCE_DIR}/src")
target_compile_options(project_options INTERFACE
  -Werror -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
  -Wformat=2 -Woverloaded-virtual -Wimplicit-fallthrough
  -fstack-protector-strong)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 sees a mismatched new and delete in the frames of Asio's awaitables where it inlines enough.
  target_compile_options(project_options INTERFACE -Wduplicated-cond -Wlogical-op -Wuseless-cast
                         -Wno-mismatched-new-delete
                         -fstack-clash-protection -fcf-protection)
endif()
# The same for every file, or the linker would get two of each (ODR): see Dependencies.cmake.
target_compile_definitions(project_options INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED BOOST_BEAST_SEPARATE_COMPILATION)
target_link_options(project_options INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)
# No path of the build machine in what we ship.
target_compile_options(project_options INTERFACE "-ffile-prefix-map=${PROJECT_SOURCE_DIR}=.")

if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(project_options INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -D_GLIBCXX_ASSERTIONS)
  # g++ 12 sees overlapping copies in `"text" + std::string` from -O2 on (GCC bug 105651).
  target_compile_options(project_options INTERFACE "$<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>")
endif()
if(CMAKE_UNITY_BUILD)
  # Types of an unnamed namespace in a file that includes the file look as if they were in a header. clang takes one
  # file's names for shadowed by another's.
  target_compile_options(project_options INTERFACE "$<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>"
                         "$<$<CXX_COMPILER_ID:Clang>:-Wno-shadow>")
endif()
if(TOKENBROKER_SANITIZE)
  target_compile_options(project_options INTERFACE -fsanitize=address,undefined
    -fno-sanitize-recover=all -fno-omit-frame-pointer "$<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>")
  # clang 14 can't compile coroutines with checks of function types.
  target_compile_options(project_options INTERFACE "$<$<CXX_COMPILER_ID:Clang>:-fno-sanitize=function>")
  target_link_options(project_options INTERFACE -fsanitize=address,undefined)
endif()
if(TOKENBROKER_LIBFUZZER)
  target_compile_options(project_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(TOKENBROKER_COVERAGE)
  target_compile_options(project_options INTERFACE --coverage -fprofile-update=atomic)
  target_link_options(project_options INTERFACE --coverage)
endif()
