/** Seconds a service takes at most, after SIGTERM, to answer what is under way. The controller plans a pod's end around it. */
export const DRAIN_SECONDS = 15
