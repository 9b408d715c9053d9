/** Stand-ins that give the resources of Strimzi and CloudNativePG their effect in the embedded place. */
export { type CloudNativePgOptions, type DatabaseServer, startCloudNativePg } from './cloudnativepg.ts'
export { CRDS, installCrds } from './crds.ts'
export { type StrimziOptions, startStrimzi } from './strimzi/index.ts'
