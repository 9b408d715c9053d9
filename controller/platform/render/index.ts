import type { Desired } from '../desired.ts'
import { providerOf } from '../providers/index.ts'
import type { Context } from './context.ts'
import { renderGenerated, renderKafkaCredentials } from './credentials.ts'
import { renderDapr } from './dapr.ts'
import { renderDatabase } from './database.ts'
import { renderMigrations, renderServices } from './services.ts'

/** `(CR, effective spec, facts) → every child`. Pure: no clock, no randomness, the same order each time. */
export function render(context: Context): Desired[] {
  return [
    ...renderGenerated(context),
    ...providerOf(context.effective).children(context),
    ...renderDatabase(context),
    ...renderKafkaCredentials(context),
    ...renderDapr(context),
    ...renderMigrations(context),
    ...renderServices(context),
  ]
}
