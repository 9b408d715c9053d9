import { Argument, type Command, type Option } from 'commander'
import type { Terminal } from './terminal.ts'

interface Word {
  word: string
  about: string
}

/** What may follow, by the words before it (`'events tail'`). */
type Words = Record<string, Word[]>

const SHELLS = { bash: bashScript, zsh: zshScript, fish: fishScript }

/** `tep completion bash|zsh|fish`: a script of all verbs and options, made from the program itself. */
export function completion(program: Command, terminal: Terminal): void {
  program
    .command('completion')
    .description('Print a completion script: source <(tep completion bash).')
    .addArgument(new Argument('<shell>', 'shell').choices(Object.keys(SHELLS)))
    .action((shell: keyof typeof SHELLS) => terminal.out(SHELLS[shell](wordsOf(program))))
}

function wordsOf(command: Command, path: string[] = []): Words {
  const options = command.options.filter(({ hidden }) => !hidden).flatMap(optionWords)
  const below = command.commands.map(each => ({ word: each.name(), about: each.description() }))
  const choices = command.registeredArguments.flatMap(({ argChoices = [], description }) =>
    argChoices.map(word => ({ word, about: description })),
  )
  return Object.assign(
    { [path.join(' ')]: [...below, ...choices, ...options] },
    ...command.commands.map(each => wordsOf(each, [...path, each.name()])),
  )
}

const optionWords = ({ long, short, description }: Option): Word[] =>
  [long, short].filter(word => word !== undefined && word !== null).map(word => ({ word: word!, about: description }))

const single = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** The words typed so far that are verbs, then what may follow them; https://www.gnu.org/software/bash/manual/html_node/Programmable-Completion.html. */
function bashScript(words: Words): string {
  const cases = Object.entries(words).map(
    ([path, all]) => `    ${single(path)}) words=${single(all.map(({ word }) => word).join(' '))} ;;`,
  )
  return `_tep() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path='' word words='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    case " ${Object.keys(words)
      .filter(Boolean)
      .map(path => path.replaceAll(' ', '/'))
      .join(' ')} " in
      *" \${path:+$path/}$word "*) path="\${path:+$path/}$word" ;;
    esac
  done
  case "\${path//\\// }" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [[ \${#COMPREPLY[@]} -eq 0 ]] && COMPREPLY=($(compgen -f -- "$current"))
}
complete -F _tep tep kubectl-tep`
}

/** https://zsh.sourceforge.io/Doc/Release/Completion-System.html: \`_describe\` shows each word with what it does. */
function zshScript(words: Words): string {
  const shown = ({ word, about }: Word): string =>
    single(`${word.replaceAll(':', '\\:')}:${about.replaceAll('\n', ' ')}`)
  const cases = Object.entries(words).map(
    ([path, all]) => `    ${single(path)}) candidates=(${all.map(shown).join(' ')}) ;;`,
  )
  const paths = Object.keys(words).filter(Boolean).map(single).join(' ')
  return `#compdef tep kubectl-tep
_tep() {
  local -a candidates paths
  local path_='' word
  paths=(${paths})
  for word in \${words[2,CURRENT-1]}; do
    (( \${paths[(Ie)\${path_:+$path_ }$word]} )) && path_="\${path_:+$path_ }$word"
  done
  case "$path_" in
${cases.join('\n')}
  esac
  _describe 'tep' candidates || _files
}
compdef _tep tep kubectl-tep`
}

/** https://fishshell.com/docs/current/completions.html. */
function fishScript(words: Words): string {
  const lines = Object.entries(words).flatMap(([path, all]) => {
    const names = path.split(' ').filter(Boolean)
    const condition = names.length
      ? names.map(name => `__fish_seen_subcommand_from ${name}`).join('; and ')
      : '__fish_use_subcommand'
    return all.map(({ word, about }) => {
      const flag = word.startsWith('--')
        ? `-l ${word.slice(2)}`
        : word.startsWith('-')
          ? `-s ${word.slice(1)}`
          : `-f -a ${word}`
      return `complete -c tep -n ${single(condition)} ${flag} -d ${single(about)}`
    })
  })
  return lines.join('\n')
}
