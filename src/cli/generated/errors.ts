// Generated from docs/errors.md by `make generate`; do not edit.
export const ERRORS = [
  {
    "code": "TEP-SPEC-TOPIC-PARTITIONS",
    "what": "fewer partitions than a topic has",
    "wayOut": "set as many or more, or add a topic and move to it"
  },
  {
    "code": "TEP-SPEC-TOPIC-REPLICAS",
    "what": "other replicas than a topic has, where nothing can move them",
    "wayOut": "set as many as it has, or use a Kafka with Cruise Control"
  },
  {
    "code": "TEP-SPEC-KAFKA-CONFIG",
    "what": "a broker option that Strimzi manages itself",
    "wayOut": "remove it from `spec.kafka.strimzi.config`"
  },
  {
    "code": "TEP-SPEC-KAFKA-STORAGE",
    "what": "a smaller volume, or one of another class",
    "wayOut": "set as much or more; set the class back"
  },
  {
    "code": "TEP-SPEC-KAFKA-NODES",
    "what": "controllers on nodes of their own where the brokers are the controllers, or the other way round",
    "wayOut": "set it back, or create another platform"
  },
  {
    "code": "TEP-SPEC-KAFKA-SWITCH",
    "what": "another Kafka, or another prefix, for a platform that has events in one",
    "wayOut": "set it back, or create another platform and move to it"
  },
  {
    "code": "TEP-SPEC-KAFKA-ACCESS",
    "what": "no credential, or no CA, for the way in that `spec.kafka.external` chose",
    "wayOut": "the message names the field"
  },
  {
    "code": "TEP-SPEC-NAME-TAKEN",
    "what": "a topic, user or other child has the name of somebody else's",
    "wayOut": "set another `spec.kafka.prefix`, or remove the other"
  },
  {
    "code": "TEP-SPEC-VERSION",
    "what": "a release of the services that this operator cannot run: of a newer minor release, or too old",
    "wayOut": "upgrade the operator first, or set a version it supports"
  },
  {
    "code": "TEP-SPEC-SUBSCRIPTION-TOPIC",
    "what": "a subscription to a topic nobody declares",
    "wayOut": "add the topic to `spec.topics`, or correct the name"
  },
  {
    "code": "TEP-SPEC-SUBSCRIPTION-TAKEN",
    "what": "a subscription that one of the services has already",
    "wayOut": "remove it, or use another app-id"
  },
  {
    "code": "TEP4001",
    "what": "a field is missing, unknown or of the wrong kind",
    "wayOut": "`errors[].field` names it"
  },
  {
    "code": "TEP4002",
    "what": "the body is not JSON",
    "wayOut": "send JSON"
  },
  {
    "code": "TEP4003",
    "what": "no token, or one that is not valid here",
    "wayOut": "sign in; send `Authorization: Bearer …`"
  },
  {
    "code": "TEP4004",
    "what": "the role does not allow it",
    "wayOut": "ask for the operator role"
  },
  {
    "code": "TEP4005",
    "what": "there is no such thing, or it is not yours",
    "wayOut": "check the id"
  },
  {
    "code": "TEP4006",
    "what": "somebody changed it meanwhile",
    "wayOut": "`current` holds the newest; decide and send its ETag"
  },
  {
    "code": "TEP4007",
    "what": "the state does not allow it",
    "wayOut": "fetch it and look"
  },
  {
    "code": "TEP4008",
    "what": "the idempotency key was used for another request",
    "wayOut": "take a new key"
  },
  {
    "code": "TEP4009",
    "what": "too large",
    "wayOut": "send less"
  },
  {
    "code": "TEP4010",
    "what": "the media type is not supported",
    "wayOut": "send `application/json`"
  },
  {
    "code": "TEP4011",
    "what": "too many requests or connections",
    "wayOut": "wait as `Retry-After` says"
  },
  {
    "code": "TEP4101",
    "what": "the body cannot be read",
    "wayOut": "see the dead letter's reason"
  },
  {
    "code": "TEP4102",
    "what": "no known shape",
    "wayOut": "publish the canonical envelope"
  },
  {
    "code": "TEP4103",
    "what": "the envelope is not valid",
    "wayOut": "the reason names the attribute"
  },
  {
    "code": "TEP4104",
    "what": "the data are not valid for the type",
    "wayOut": "the reason names the field"
  },
  {
    "code": "TEP4105",
    "what": "a handler failed",
    "wayOut": "it is tried again; then it waits in the dead letters"
  },
  {
    "code": "TEP4110",
    "what": "a service would publish what its contract forbids, or more than 64 KiB",
    "wayOut": "a fault of the service, or too large a task"
  },
  {
    "code": "TEP4201",
    "what": "something unforeseen",
    "wayOut": "report the request id; the log has the rest"
  },
  {
    "code": "TEP4202",
    "what": "the database is not available: away, without a free connection, its disk full; or not migrated",
    "wayOut": "ask again after `Retry-After`; events wait in the outbox"
  },
  {
    "code": "TEP4203",
    "what": "the issuer's keys cannot be fetched",
    "wayOut": "check `spec.auth` and the network"
  },
  {
    "code": "TEP4204",
    "what": "the service is finishing its work",
    "wayOut": "another pod answers"
  },
  {
    "code": "TEP4205",
    "what": "a variable is missing or malformed",
    "wayOut": "the line names it"
  },
  {
    "code": "TEP4206",
    "what": "the sidecar did not accept a call",
    "wayOut": "see the sidecar's log"
  },
  {
    "code": "TEP4207",
    "what": "a migration was changed after it ran",
    "wayOut": "write a new one"
  },
  {
    "code": "TEP4208",
    "what": "the database login lacks a right",
    "wayOut": "the line has the statement to run"
  },
  {
    "code": "TEP4209",
    "what": "the language model behind the chat does not answer",
    "wayOut": "check `spec.chat`, the component it names (the sidecar's log has what its provider said) and the network; without it the chat reads messages by their words"
  },
  {
    "code": "TEP4210",
    "what": "the console cannot ask the operator about this platform",
    "wayOut": "leave `spec.dapr.apiToken` on; see that the operator runs and that network policies let the backend reach its port 8080"
  },
  {
    "code": "TEP4211",
    "what": "the web service cannot reach the service that answers this path",
    "wayOut": "ask again after `Retry-After`; if it lasts, look at that service’s pods"
  },
  {
    "code": "TEP4212",
    "what": "more comes in at once than this service can work off or hold in memory",
    "wayOut": "ask again after `Retry-After`; if it lasts, more replicas or larger limits"
  },
  {
    "code": "TEP5001",
    "what": "this folder runs already",
    "wayOut": "use it, `make down`, or `--folder`"
  },
  {
    "code": "TEP5002",
    "what": "a port is taken",
    "wayOut": "`make up PORT=…`"
  },
  {
    "code": "TEP5003",
    "what": "the folder cannot be written",
    "wayOut": "give the right to, or `--folder`"
  },
  {
    "code": "TEP5004",
    "what": "no port",
    "wayOut": "1 to 65535"
  },
  {
    "code": "TEP5005",
    "what": "no such file, no YAML, or no TodoEventPlatform in it",
    "wayOut": "`--file`"
  },
  {
    "code": "TEP5006",
    "what": "not ready in time, or nobody can sign in",
    "wayOut": "the message names the part; see its log"
  },
  {
    "code": "TEP5007",
    "what": "a tool is missing",
    "wayOut": "install Node.js with npm"
  },
  {
    "code": "TEP5008",
    "what": "the API server would not take the platform of a plan",
    "wayOut": "the message names the field"
  },
  {
    "code": "TEP5009",
    "what": "there is no way to a cluster, or it cannot be read",
    "wayOut": "check `--kubeconfig`, `--context` and `KUBECONFIG`; the message names the right that is missing"
  },
  {
    "code": "TEP5010",
    "what": "`node_modules` is a symbolic link, and installing would empty the folder it leads to",
    "wayOut": "install there, or remove the link"
  },
  {
    "code": "TEP5011",
    "what": "no TodoEventPlatform here, or none of that name",
    "wayOut": "`-n`, `-A`, or apply one"
  },
  {
    "code": "TEP5012",
    "what": "the web address or the token is not known, or nothing answers there",
    "wayOut": "`--server`, `--token`, or `tep up` in this folder"
  },
  {
    "code": "TEP5013",
    "what": "the platform's API said no",
    "wayOut": "its own code follows: `tep explain` it"
  },
  {
    "code": "TEP5014",
    "what": "no such field or code",
    "wayOut": "the message names those that are"
  },
  {
    "code": "TEP5015",
    "what": "what an option or file holds is not of its kind: JSON, a regular expression, an event type, schemas",
    "wayOut": "the message names it"
  },
  {
    "code": "TEP5016",
    "what": "a part of the spec is refused, and left out",
    "wayOut": "correct the fields the lines before name"
  },
  {
    "code": "TEP5017",
    "what": "the schema refuses the data of an event",
    "wayOut": "`tep schema types TYPE`"
  },
  {
    "code": "TEP5018",
    "what": "a purge without a filter",
    "wayOut": "name what shall go"
  },
  {
    "code": "TEP5019",
    "what": "a file is there already",
    "wayOut": "`--force`, or another folder"
  },
  {
    "code": "TEP5020",
    "what": "a file is no whole backup: cut off, changed, or something else",
    "wayOut": "take another one"
  },
  {
    "code": "TEP5021",
    "what": "a backup does not fit the database: one holds data, is further on, or has another shape",
    "wayOut": "`--replace`, an empty database, or the release the message names"
  },
  {
    "code": "TEP5022",
    "what": "which database is not known, or it cannot be reached from here",
    "wayOut": "`--database-url`; in a cluster forward it first: `kubectl port-forward`"
  },
  {
    "code": "TEP5023",
    "what": "a drill found that a backup’s audit is not as it was written",
    "wayOut": "take another backup; `tep audit verify` tells about the database itself"
  },
  {
    "code": "TEP5101",
    "what": "the database folder is in use",
    "wayOut": "stop the other"
  },
  {
    "code": "TEP5102",
    "what": "PostgreSQL does not run as root, and no account could be made",
    "wayOut": "create a user `postgres`, or run as a normal user"
  },
  {
    "code": "TEP5103",
    "what": "that account may not enter the folder",
    "wayOut": "choose another `--folder`"
  },
  {
    "code": "TEP5104",
    "what": "no PostgreSQL binaries for this machine",
    "wayOut": "the message names the package"
  },
  {
    "code": "TEP5105",
    "what": "PostgreSQL did not start",
    "wayOut": "its last words follow"
  },
  {
    "code": "TEP5106",
    "what": "PostgreSQL's port is taken",
    "wayOut": "start again: another is chosen"
  },
  {
    "code": "TEP5107",
    "what": "the database folder cannot be written",
    "wayOut": "choose another `--folder`"
  },
  {
    "code": "TEP5201",
    "what": "no Node.js for Linux to put into an image",
    "wayOut": "`make images` on a Linux machine of that architecture"
  },
  {
    "code": "TEP5202",
    "what": "a shared library that Node.js needs is missing",
    "wayOut": "install the one named"
  },
  {
    "code": "TEP5203",
    "what": "nothing is built yet",
    "wayOut": "`make build`"
  },
  {
    "code": "TEP5401",
    "what": "no images of this version to put into a bundle, or a file that is none",
    "wayOut": "`make images`; take another copy"
  },
  {
    "code": "TEP5501",
    "what": "no version to release",
    "wayOut": "`make release VERSION=1.2.3`"
  },
  {
    "code": "TEP5502",
    "what": "the changelog has nothing that is not released",
    "wayOut": "write it under a heading `## … (unreleased)`"
  },
  {
    "code": "TEP5301",
    "what": "a TodoEventPlatform still lives, and nobody could finish its deletion without the operator",
    "wayOut": "the message has the commands; `uninstall.waitSeconds` waits for it instead"
  },
  {
    "code": "TEP5302",
    "what": "the CRD was applied, and is not served in time",
    "wayOut": "the message says what is missing; `kubectl describe crd todoeventplatforms.todo.events`"
  },
  {
    "code": "TEP5303",
    "what": "`helm test`: the CRD is old, nobody leads, or a watch hears nothing",
    "wayOut": "the message names it; the controller's log has the rest"
  },
  {
    "code": "TEP5304",
    "what": "the kubeconfig cannot be read, is none, or has no current cluster",
    "wayOut": "the message names the file; unset `KUBECONFIG` to use the pod's service account"
  }
]
