# tokenbroker_time_limit(VARIABLE SECONDS): what a test may take, longer where the sanitizers slow it down.
function(tokenbroker_time_limit variable seconds)
  if(TOKENBROKER_SANITIZE)
    math(EXPR seconds "${seconds} * 4")
  endif()
  set(${variable} "${seconds}" PARENT_SCOPE)
endfunction()

# tokenbroker_room(NAME SOURCES file... [LINKS target...] [PRIVATE_LINKS target...])
# One static library a room, named room_NAME. A room without sources yet is an INTERFACE target.
function(tokenbroker_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;LINKS;PRIVATE_LINKS" ${ARGN})
  if(NOT ROOM_SOURCES)
    add_library(room_${name} INTERFACE)
    target_link_libraries(room_${name} INTERFACE project_options ${ROOM_LINKS})
    return()
  endif()
  add_library(room_${name} STATIC ${ROOM_SOURCES})
  target_link_libraries(room_${name} PUBLIC project_options ${ROOM_LINKS} PRIVATE ${ROOM_PRIVATE_LINKS})
endfunction()

# tokenbroker_unit_test(ROOM SOURCES file... [ALONE file...] [LINKS target...]): one test program a room, run as one
# CTest test. ALONE: those of the sources whose names are those of other tests too; they are never compiled with them.
function(tokenbroker_unit_test room)
  cmake_parse_arguments(TEST "" "" "SOURCES;ALONE;LINKS" ${ARGN})
  add_executable(unit_${room} ${TEST_SOURCES})
  set_source_files_properties(${TEST_ALONE} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  target_include_directories(unit_${room} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  target_link_libraries(unit_${room} PRIVATE room_${room} ${TEST_LINKS} GTest::gmock GTest::gtest_main)
  add_test(NAME unit/${room} COMMAND unit_${room} --gtest_brief=1)
  tokenbroker_time_limit(limit 120)
  set_tests_properties(unit/${room} PROPERTIES LABELS unit TIMEOUT ${limit})
endfunction()
