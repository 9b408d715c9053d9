import { styleText } from 'node:util'

export interface Row {
  name: string
  ready: boolean
  text: string
}

export interface Progress {
  step(text: string): void
  rows(rows: Row[]): void
  end(): void
}

export type Output = 'text' | 'json'

/** On a terminal a list that redraws in place; elsewhere a plain line for each change; as JSON an object for each. */
export function progress(output: Output, stream: NodeJS.WriteStream = process.stdout): Progress {
  const started = Date.now()
  const seconds = (): string => `${((Date.now() - started) / 1_000).toFixed(1)}s`.padStart(6)
  if (output === 'json') {
    const emit = (event: object): void =>
      void stream.write(`${JSON.stringify({ atMilliseconds: Date.now() - started, ...event })}\n`)
    return {
      step: text => emit({ event: 'step', text }),
      rows: changesOnly(row => emit({ event: 'component', ...row })),
      end: () => {},
    }
  }
  if (!stream.isTTY) {
    return {
      step: text => void stream.write(`${seconds()}  ${text}\n`),
      rows: changesOnly(
        row =>
          void stream.write(
            `${seconds()}  ${row.ready ? 'ready  ' : 'waiting'}  ${row.name}${row.text ? `: ${row.text}` : ''}\n`,
          ),
      ),
      end: () => {},
    }
  }
  let drawn = 0
  const clear = (): void => {
    if (drawn > 0) stream.write(`\x1b[${drawn}A\x1b[J`)
    drawn = 0
  }
  return {
    step(text) {
      clear()
      stream.write(`${styleText('dim', seconds())}  ${text}\n`)
    },
    rows(rows) {
      clear()
      const open = rows.filter(row => !row.ready)
      const room = Math.max(3, (stream.rows ?? 24) - 4)
      const width = stream.columns ?? 80
      const lines = [
        `${styleText('dim', seconds())}  ${styleText('bold', `${rows.length - open.length} of ${rows.length} parts ready`)}`,
        ...open
          .slice(0, room)
          .map(row => `        ${styleText('yellow', '●')} ${`${row.name}  ${row.text}`.slice(0, width - 12)}`),
      ]
      stream.write(`${lines.join('\n')}\n`)
      drawn = lines.length
    },
    end: clear,
  }
}

function changesOnly(emit: (row: Row) => void): (rows: Row[]) => void {
  const seen = new Map<string, string>()
  return rows => {
    for (const row of rows) {
      const state = `${row.ready} ${row.text}`
      if (seen.get(row.name) !== state) emit(row)
      seen.set(row.name, state)
    }
  }
}
