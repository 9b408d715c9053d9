import type { ComponentChildren, TargetedSubmitEvent } from 'preact'

/**
 * The text of a form's field. Fields that are read on submit are given `defaultValue`: a `value` would be put back over
 * what was typed whenever something on the page changes.
 */
export const field = (form: HTMLFormElement, name: string): string => String(new FormData(form).get(name) ?? '').trim()

/** Handles a submit without leaving the page. */
export const onSubmit =
  (work: (form: HTMLFormElement) => unknown) =>
  (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault()
    void work(event.currentTarget)
  }

export function Field({ label, hint, children }: { label: string; hint?: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is among the children
    <label class="field">
      <span>{label}</span>
      {children}
      {hint && <small>{hint}</small>}
    </label>
  )
}

export function Choice({
  name,
  value,
  options,
  label,
  onChange,
}: {
  name?: string
  label: string
  value: string
  options: readonly (readonly [value: string, text: string])[]
  onChange?(value: string): void
}) {
  return (
    <Field label={label}>
      <select name={name} onChange={event => onChange?.(event.currentTarget.value)}>
        {options.map(([key, text]) => (
          <option key={key} value={key} selected={key === value}>
            {text}
          </option>
        ))}
      </select>
    </Field>
  )
}
