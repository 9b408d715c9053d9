/** Patterns of CRDs are RE2 expressions; JavaScript reads most of them as they are and the rest after a little translation. */

const compiled = new Map<string, RegExp | undefined>()

const posix: Readonly<Record<string, string>> = {
  alnum: 'A-Za-z0-9',
  alpha: 'A-Za-z',
  digit: '0-9',
  lower: 'a-z',
  upper: 'A-Z',
  space: '\\s',
  word: '\\w',
  xdigit: '0-9A-Fa-f',
  punct: '!-\\/:-@\\[-`{-~',
}

function translate(source: string): { text: string; flags: string } {
  const inline = /^(\^?)\(\?([ims]+)\)/.exec(source)
  const rest = inline ? inline[1] + source.slice(inline[0].length) : source
  const text = rest
    .replaceAll('(?P<', '(?<')
    .replaceAll(/\[:(\w+):\]/g, (whole, name: string) => posix[name] ?? whole)
    .replaceAll('\\A', '^')
    .replaceAll('\\z', '$')
  return { text, flags: inline?.[2] ?? '' }
}

/** The expression, or `undefined` when it cannot be read. */
export function compilePattern(source: string): RegExp | undefined {
  if (!compiled.has(source)) {
    const { text, flags } = translate(source)
    // With `u` code points count as RE2 counts them; without it JavaScript forgives needless escapes, as RE2 does.
    compiled.set(source, tryCompile(text, `${flags}u`) ?? tryCompile(text, flags))
  }
  return compiled.get(source)
}

function tryCompile(text: string, flags: string): RegExp | undefined {
  try {
    return new RegExp(text, flags)
  } catch {
    return undefined
  }
}
