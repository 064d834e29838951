# What every target of ours is compiled with: the standard, warnings as errors, hardening, sanitizers.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

option(TOKENBROKER_SANITIZE "AddressSanitizer and UndefinedBehaviorSanitizer" OFF)
option(TOKENBROKER_COVERAGE "gcov instrumentation" OFF)

find_program(TOKENBROKER_CCACHE ccache)
if(TOKENBROKER_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${TOKENBROKER_CCACHE}")
endif()

add_library(project_options INTERFACE)
target_include_directories(project_options INTERFACE "${PROJECT_SOURCE_DIR}/src")
target_compile_options(project_options INTERFACE
  -Werror -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
  -Wformat=2 -Woverloaded-virtual -Wimplicit-fallthrough
  -fstack-protector-strong)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(project_options INTERFACE -Wduplicated-cond -Wlogical-op -Wuseless-cast
                         -fstack-clash-protection -fcf-protection)
endif()
target_link_options(project_options INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)
# No path of the build machine in what we ship.
target_compile_options(project_options INTERFACE "-ffile-prefix-map=${PROJECT_SOURCE_DIR}=.")

if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(project_options INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -D_GLIBCXX_ASSERTIONS)
  # g++ 12 sees overlapping copies in `"text" + std::string` from -O2 on (GCC bug 105651).
  target_compile_options(project_options INTERFACE "$<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>")
endif()
if(TOKENBROKER_SANITIZE)
  # g++ 12 reports a false mismatched new/delete from Asio's awaitable frames under ASan.
  target_compile_options(project_options INTERFACE -fsanitize=address,undefined
    -fno-sanitize-recover=all -fno-omit-frame-pointer -Wno-mismatched-new-delete -Wno-maybe-uninitialized)
  target_link_options(project_options INTERFACE -fsanitize=address,undefined)
endif()
if(TOKENBROKER_COVERAGE)
  target_compile_options(project_options INTERFACE --coverage -fprofile-update=atomic)
  target_link_options(project_options INTERFACE --coverage)
endif()
