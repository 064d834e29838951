#!/bin/sh
# Every manual page formats without a warning, those of programs name each option that --help does, and the recipe
# that one shows is right: man_pages.sh FOLDER PROGRAM...
set -eu
folder=$1
shift
failed=0
complain() { echo "man_pages.sh: $*" >&2; failed=1; }

for page in "$folder"/*.[158]; do
  warnings=$(groff -mandoc -ww -Tutf8 "$page" 2>&1 >/dev/null)
  [ -z "$warnings" ] || complain "$page: $warnings"
done

options_of() { grep -oE -e '--[a-z][a-z0-9-]+' | sort -u; }
check() { # NAME PAGE, help on standard input
  options=$(options_of)
  text=$(MANWIDTH=200 groff -mandoc -Tascii -P-c "$2" | sed 's/.\x08//g')
  for option in $options; do
    printf '%s\n' "$text" | grep -q -e "$option\b" || complain "$2 does not name $1's option $option"
  done
}
for program in "$@"; do
  name=$(basename "$program")
  page=$(find "$folder" -name "$name.[18]")
  [ -n "$page" ] || { complain "$name has no manual page"; continue; }
  "$program" --help | check "$name" "$page"
  [ "$name" = tokenctl ] || continue
  for command in $("$program" --help | sed -n '/^Commands:/,/^Options:/s/^  \([a-z]*\) .*/\1/p'); do
    case $command in provision | recipes) continue ;; esac # see below
    "$program" "$command" --help | check "$name" "$page"
  done
  # Of provision: but for the inputs of the recipe.
  "$program" provision rossum --help | grep -vE -e ' VALUE' -e '--[a-z-]*password-(file|env)' | check "$name" "$page"
  example=$(mktemp --suffix=.yaml)
  sed -n '/^\.Bd -literal/,/^\.Ed/{/^\./!p}' "$folder/tokenbroker-recipe.5" > "$example"
  "$program" recipes check "$example" > /dev/null || complain "tokenbroker-recipe.5 shows a recipe with mistakes"
  rm "$example"
done
exit $failed
