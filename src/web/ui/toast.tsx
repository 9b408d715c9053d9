import { signal } from '@preact/signals'

interface Toast {
  id: number
  text: string
  action?: { label: string; run(): void }
}

const toasts = signal<readonly Toast[]>([])
let count = 0
/** Long enough to reach the button by keyboard; the same can always be done elsewhere too. */
const SHOWN_FOR = 10_000

export function toast(text: string, action?: Toast['action']): void {
  const id = ++count
  toasts.value = [...toasts.value.slice(-2), { id, text, ...(action && { action }) }]
  setTimeout(() => dismiss(id), SHOWN_FOR)
}

const dismiss = (id: number): void => {
  toasts.value = toasts.value.filter(each => each.id !== id)
}

/** Runs the action of the newest message, if it has one. */
export function runLatest(): void {
  const latest = toasts.value.findLast(({ action }) => action)
  if (!latest) return
  dismiss(latest.id)
  latest.action!.run()
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, text, action }) => (
        <p key={id} class="toast">
          <span>{text}</span>
          {action && (
            <button
              type="button"
              onClick={() => {
                dismiss(id)
                action.run()
              }}
            >
              {action.label}
            </button>
          )}
          <button type="button" class="icon" aria-label="Dismiss" onClick={() => dismiss(id)}>
            ×
          </button>
        </p>
      ))}
    </div>
  )
}
