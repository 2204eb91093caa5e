# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What may come next is asked of twctl itself (--complete); here is only bash's way.

_twctl()
{
	local cur='' words=() cword=0 head='' line
	local -a typed

	# bash ends words at these, too; twctl has them in the midst of one
	_get_comp_words_by_ref -n '=:' cur words cword
	typed=("${words[@]:1:cword-1}")
	if [[ $cur == [\'\"]* ]]; then
		cur=${cur:1}
	else
		# all before the last of them stays, so it is no part of a reply
		head=${cur%"${cur##*[=:]}"}
	fi
	while IFS= read -r line; do
		if [[ $line == :files ]]; then
			compopt -o default
			return
		fi
		line=${line%%$'\t'*}
		[[ $line != *= ]] || compopt -o nospace
		COMPREPLY+=("${line#"$head"}")
	done < <("${words[0]}" --complete -- "${typed[@]//[\'\"]/}" "$cur" 2>/dev/null)
}

complete -o nosort -F _twctl twctl
