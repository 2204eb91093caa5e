# SPDX-License-Identifier: GPL-2.0
#
# What may come next is asked of twctl itself (--complete); here is only fish's way.

function __twctl_complete
    set -l words (commandline -opc)
    set -l twctl $words[1]
    # a filter in quotes, typed by half
    set -l current (string replace -r '^[\'"]' '' -- (commandline -ct))
    set -e words[1]
    set -l lines ($twctl --complete -- $words "$current" 2>/dev/null)
    if test "$lines" = :files
        __fish_complete_path "$current"
    else
        printf '%s\n' $lines
    end
end

complete -c twctl -k -f -a '(__twctl_complete)'
