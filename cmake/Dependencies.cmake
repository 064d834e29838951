# What we stand on. Each name is linked by the rooms that may know it (docs/architecture.md), and by no other.
set(Boost_USE_STATIC_LIBS ON)
find_package(Boost 1.81 REQUIRED COMPONENTS json url)
find_package(OpenSSL 3.0 REQUIRED)
find_package(Threads REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(prometheus-cpp REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(systemd REQUIRED IMPORTED_TARGET libsystemd)
if(TOKENBROKER_TESTS)
  find_package(GTest REQUIRED)
endif()

# Asio and Beast are compiled once, here, and not in each file that includes them (project_options says so to all).
add_library(compiled_asio STATIC cmake/compiled/asio.cpp)
target_link_libraries(compiled_asio PUBLIC Boost::headers Threads::Threads PRIVATE project_options)

add_library(compiled_beast STATIC cmake/compiled/beast.cpp)
target_link_libraries(compiled_beast PUBLIC compiled_asio PRIVATE project_options)

add_library(compiled_ssl STATIC cmake/compiled/ssl.cpp)
target_link_libraries(compiled_ssl PUBLIC compiled_asio OpenSSL::SSL OpenSSL::Crypto PRIVATE project_options)
