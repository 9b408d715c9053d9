import type { Desired } from '../desired.ts'
import { providerOf } from '../providers/index.ts'
import type { Context } from './context.ts'
import { renderGenerated, renderKafkaCredentials } from './credentials.ts'
import { renderDapr } from './dapr.ts'
import { renderDatabase } from './database.ts'
import { renderIngress } from './ingress.ts'
import { renderMigrations } from './migrations.ts'
import { renderMonitoring } from './monitoring.ts'
import { renderNetworkPolicies } from './network-policies.ts'
import { renderServices } from './services.ts'

/** `(CR, effective spec, facts) → every child`. Pure: no clock, no randomness, the same order each time. */
export function render(context: Context): Desired[] {
  return [
    ...renderGenerated(context),
    ...renderNetworkPolicies(context),
    ...providerOf(context.effective).children(context),
    ...renderDatabase(context),
    ...renderKafkaCredentials(context),
    ...renderDapr(context),
    ...renderMigrations(context),
    ...renderServices(context),
    ...renderIngress(context),
    ...renderMonitoring(context),
  ]
}
