# `install`, and `cpack -G DEB`: what goes where on a machine.
include(GNUInstallDirs)

set(TOKENBROKER_UNITS "lib/systemd/system")
set(TOKENBROKER_DOC "${CMAKE_INSTALL_DATADIR}/doc/tokenbroker")

install(TARGETS tokenbrokerd RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(FILES systemd/tokenbroker.service systemd/tokenbroker.socket DESTINATION ${TOKENBROKER_UNITS})
install(FILES systemd/tokenbroker.sysusers DESTINATION lib/sysusers.d RENAME tokenbroker.conf)
install(FILES systemd/notify-reload.conf systemd/tokenbroker-reload-example.path
              systemd/tokenbroker-reload-example.service DESTINATION ${TOKENBROKER_DOC}/examples)
install(DIRECTORY config/examples/ DESTINATION ${TOKENBROKER_DOC}/examples)
install(FILES README.md DESTINATION ${TOKENBROKER_DOC})
install(DIRECTORY docs/ DESTINATION ${TOKENBROKER_DOC} FILES_MATCHING PATTERN "*.md" PATTERN man EXCLUDE)
install(DIRECTORY config/monitoring DESTINATION ${TOKENBROKER_DOC})
install(FILES packaging/copyright DESTINATION ${TOKENBROKER_DOC})
install(FILES config/tokenbroker.schema.json config/recipe.schema.json
        DESTINATION ${CMAKE_INSTALL_DATADIR}/tokenbroker)
# The sample is a conffile, and no configuration: the units wait until /etc/tokenbroker/tokenbroker.yaml is there.
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  set(TOKENBROKER_ETC "/etc/tokenbroker")
else()
  set(TOKENBROKER_ETC "${CMAKE_INSTALL_SYSCONFDIR}/tokenbroker")
endif()
install(FILES config/tokenbroker.yaml DESTINATION ${TOKENBROKER_ETC} RENAME tokenbroker.yaml.example)

# Debian wants it compressed, without a time stamp.
file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/packaging")
execute_process(COMMAND "${GZIP}" -9nc "${PROJECT_SOURCE_DIR}/packaging/changelog"
                OUTPUT_FILE "${PROJECT_BINARY_DIR}/packaging/changelog.gz" COMMAND_ERROR_IS_FATAL ANY)
install(FILES "${PROJECT_BINARY_DIR}/packaging/changelog.gz" DESTINATION ${TOKENBROKER_DOC})
file(WRITE "${PROJECT_BINARY_DIR}/packaging/conffiles" "/etc/tokenbroker/tokenbroker.yaml.example\n")

# Units and maintainer scripts know the places of a system's own programs.
if(NOT CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  return()
endif()
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME tokenbroker)
set(CPACK_PACKAGE_CONTACT "tokenbroker developers <developers@tokenbroker.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "token broker for APIs that throttle logins")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
    "Logs in once for each configured service account, exchanges the login for a
long-lived token, keeps it safe across restarts, renews it well before it
expires, backs off when it is told to, and hands it to local programs over
a Unix socket.")
set(CPACK_PACKAGE_DESCRIPTION "${CPACK_DEBIAN_PACKAGE_DESCRIPTION}")
set(CPACK_PACKAGING_INSTALL_PREFIX "/usr")
set(CPACK_SET_DESTDIR ON)  # for /etc, which is not below it
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "systemd, ca-certificates")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    "${PROJECT_SOURCE_DIR}/packaging/postinst;${PROJECT_SOURCE_DIR}/packaging/prerm;${PROJECT_SOURCE_DIR}/packaging/postrm;${PROJECT_BINARY_DIR}/packaging/conffiles")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_STRIP_FILES ON)
# One package: the daemon, its tools, and the client library for C++ programs.
set(CPACK_MONOLITHIC_INSTALL ON)
include(CPack)
