import { filesMarker } from './complete.ts';

export const shells = ['bash', 'zsh', 'fish'] as const;

const bash = `_trunkline_complete() {
  local line cur=\${COMP_WORDS[COMP_CWORD]}
  COMPREPLY=()
  while IFS= read -r line; do
    line=\${line%%$'\\t'*}
    if [[ $line == ${filesMarker} ]]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$cur")
    elif [[ $line == --*=* && $cur != --*=* ]]; then
      # The part before the equals sign is a word of its own here.
      COMPREPLY+=("\${line#*=}")
    else
      COMPREPLY+=("$(printf '%q' "$line")")
    fi
  done < <(trunkline complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _trunkline_complete trunkline`;

const zsh = `#compdef trunkline
_trunkline() {
  local line value
  local -a values
  values=()
  for line in "\${(@f)$(trunkline complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    value=\${line%%$'\\t'*}
    if [[ $value == ${filesMarker} ]]; then
      _files
    elif [[ -n $value ]]; then
      values+=("$value")
    fi
  done
  (( \${#values} )) && compadd -- "\${values[@]}"
}
compdef _trunkline trunkline`;

const fish = `function __trunkline_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in (trunkline complete -- $words[2..-1] 2>/dev/null)
        if test "$line" = ${filesMarker}
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c trunkline -f -a '(__trunkline_complete)'`;

export const completionScripts: Readonly<Record<(typeof shells)[number], string>> = { bash, zsh, fish };
