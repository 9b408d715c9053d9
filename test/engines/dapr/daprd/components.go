package main

import (
	"github.com/dapr/components-contrib/bindings"
	"github.com/dapr/components-contrib/bindings/cron"
	kafkabinding "github.com/dapr/components-contrib/bindings/kafka"
	"github.com/dapr/components-contrib/conversation/echo"
	"github.com/dapr/components-contrib/conversation/openai"
	resolverkubernetes "github.com/dapr/components-contrib/nameresolution/kubernetes"
	"github.com/dapr/components-contrib/nameresolution/mdns"
	"github.com/dapr/components-contrib/nameresolution/sqlite"
	pubsubmemory "github.com/dapr/components-contrib/pubsub/in-memory"
	pubsubkafka "github.com/dapr/components-contrib/pubsub/kafka"
	secretskubernetes "github.com/dapr/components-contrib/secretstores/kubernetes"
	secretsfile "github.com/dapr/components-contrib/secretstores/local/file"
	statememory "github.com/dapr/components-contrib/state/in-memory"
	postgresv1 "github.com/dapr/components-contrib/state/postgresql/v1"
	postgresv2 "github.com/dapr/components-contrib/state/postgresql/v2"
	"github.com/dapr/dapr/pkg/components"
	bindingsloader "github.com/dapr/dapr/pkg/components/bindings"
	conversationloader "github.com/dapr/dapr/pkg/components/conversation"
	resolverloader "github.com/dapr/dapr/pkg/components/nameresolution"
	pubsubloader "github.com/dapr/dapr/pkg/components/pubsub"
	secretsloader "github.com/dapr/dapr/pkg/components/secretstores"
	stateloader "github.com/dapr/dapr/pkg/components/state"
	"github.com/dapr/kit/logger"
)

// What the platform declares, under the names and versions of cmd/daprd/components. All of upstream's would need
// modules that are served nowhere any more.
func registerComponents() {
	pubsubloader.DefaultRegistry.RegisterComponent(pubsubkafka.NewKafka, "kafka")
	pubsubloader.DefaultRegistry.RegisterComponent(pubsubmemory.New, "in-memory")

	stateloader.DefaultRegistry.RegisterComponent(statememory.NewInMemoryStateStore, "in-memory")
	postgres := components.Versioning{
		Preferred: components.VersionConstructor{Version: "v2", Constructor: postgresv2.NewPostgreSQLStateStore},
		Others:    []components.VersionConstructor{{Version: "v1", Constructor: postgresv1.NewPostgreSQLStateStore}},
		Default:   "v1",
	}
	stateloader.DefaultRegistry.RegisterComponentWithVersions("postgresql", postgres)
	stateloader.DefaultRegistry.RegisterComponentWithVersions("postgres", postgres)

	bindingsloader.DefaultRegistry.RegisterInputBinding(cron.NewCron, "cron")
	bindingsloader.DefaultRegistry.RegisterInputBinding(func(log logger.Logger) bindings.InputBinding {
		return kafkabinding.NewKafka(log)
	}, "kafka")
	bindingsloader.DefaultRegistry.RegisterOutputBinding(func(log logger.Logger) bindings.OutputBinding {
		return kafkabinding.NewKafka(log)
	}, "kafka")

	secretsloader.DefaultRegistry.RegisterComponent(secretskubernetes.NewKubernetesSecretStore, "kubernetes")
	secretsloader.DefaultRegistry.RegisterComponent(secretsfile.NewLocalSecretStore, "local.file")

	conversationloader.DefaultRegistry.RegisterComponent(echo.NewEcho, "echo")
	conversationloader.DefaultRegistry.RegisterComponent(openai.NewOpenAI, "openai")

	resolverloader.DefaultRegistry.RegisterComponent(resolverkubernetes.NewResolver, "kubernetes")
	resolverloader.DefaultRegistry.RegisterComponent(mdns.NewResolver, "mdns")
	resolverloader.DefaultRegistry.RegisterComponent(sqlite.NewResolver, "sqlite")
}
