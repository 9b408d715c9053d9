// Writes what the embedded API server knows of Kubernetes' Go types and that no OpenAPI document tells, as JSON into the
// folder that is its argument:
//
//	columns.json         the columns of `kubectl get` by kind (pkg/printers/internalversion)
//	go-types.json        the fields of the external types: protobuf number, Go type, "!" where Go writes the field even
//	                     when it is empty, "*" where it can tell an empty one from none (k8s.io/api)
//	internal-types.json  the fields of the internal types that messages of the validation print whole (pkg/apis)
//
// Run it in ../kubernetes, whose module has the versions, after an upgrade of the engine:
//
//	cd test/engines/kubernetes && go run ../kubernetes-data/main.go ../../../src/local/kube-api/generated
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"sort"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	eventsv1 "k8s.io/api/events/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kubernetes/pkg/apis/apps"
	"k8s.io/kubernetes/pkg/apis/core"
	"k8s.io/kubernetes/pkg/apis/policy"
	"k8s.io/kubernetes/pkg/apis/rbac"
	"k8s.io/kubernetes/pkg/printers"
	printersinternal "k8s.io/kubernetes/pkg/printers/internalversion"
)

var kinds = []any{
	corev1.Namespace{}, corev1.Node{}, corev1.Pod{}, corev1.Service{}, corev1.Secret{}, corev1.ConfigMap{},
	corev1.ServiceAccount{}, corev1.Event{}, corev1.PersistentVolumeClaim{}, corev1.Endpoints{}, corev1.ResourceQuota{},
	corev1.LimitRange{}, appsv1.Deployment{}, appsv1.ReplicaSet{}, appsv1.StatefulSet{},
	autoscalingv2.HorizontalPodAutoscaler{}, autoscalingv1.Scale{}, batchv1.Job{}, batchv1.CronJob{}, coordinationv1.Lease{},
	discoveryv1.EndpointSlice{}, eventsv1.Event{}, networkingv1.Ingress{}, networkingv1.NetworkPolicy{},
	policyv1.PodDisruptionBudget{}, rbacv1.Role{}, rbacv1.RoleBinding{}, rbacv1.ClusterRole{}, rbacv1.ClusterRoleBinding{},
	apiextensionsv1.CustomResourceDefinition{}, authorizationv1.SelfSubjectAccessReview{},
	authenticationv1.SelfSubjectReview{}, metav1.DeleteOptions{},
}

// Two packages have a type of this name: the OpenAPI document's generator puts the group before it.
var ambiguous = map[string]bool{"Event": true, "EventSeries": true, "EndpointPort": true, "ServiceReference": true, "WebhookClientConfig": true, "Subject": true}

var packageName = regexp.MustCompile(`(\w+)/(v\d\w*)$`)

// modelName is the name that @kubernetes/client-node gives a type: V1PodSpec, CoreV1Event.
func modelName(t reflect.Type) string {
	parts := packageName.FindStringSubmatch(t.PkgPath())
	if parts == nil {
		return t.Name()
	}
	prefix := ""
	if ambiguous[t.Name()] {
		prefix = strings.ToUpper(parts[1][:1]) + parts[1][1:]
	}
	return prefix + strings.ToUpper(parts[2][:1]) + parts[2][1:] + t.Name()
}

// Types with a form of their own in JSON.
var scalars = map[string]bool{"Time": true, "MicroTime": true, "Quantity": true, "IntOrString": true, "FieldsV1": true, "Duration": true, "RawExtension": true, "JSON": true, "JSONSchemaPropsOrArray": true, "JSONSchemaPropsOrBool": true, "JSONSchemaPropsOrStringArray": true}

func typeName(t reflect.Type, found func(reflect.Type)) string {
	switch t.Kind() {
	case reflect.Pointer:
		return typeName(t.Elem(), found)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "[]byte"
		}
		return named(t) + "[]" + typeName(t.Elem(), found)
	case reflect.Map:
		return named(t) + "map[" + strings.SplitN(typeName(t.Key(), found), "=", 2)[0] + "]" + typeName(t.Elem(), found)
	case reflect.Struct:
		if scalars[t.Name()] {
			return t.Name()
		}
		found(t)
		return modelName(t)
	default:
		return named(t) + t.Kind().String()
	}
}

// named is what stands before the form of a type that has a name of its own: `v1.PullPolicy=string`.
func named(t reflect.Type) string {
	if t.PkgPath() == "" {
		return ""
	}
	return t.String() + "="
}

func optional(t reflect.Type) bool { return t.Kind() == reflect.Pointer }

func external() map[string]map[string]string {
	result := map[string]map[string]string{}
	var add func(t reflect.Type)
	var fields func(t reflect.Type, into map[string]string)
	fields = func(t reflect.Type, into map[string]string) {
		for i := range t.NumField() {
			field := t.Field(i)
			tag := strings.Split(field.Tag.Get("json"), ",")
			number := strings.Split(field.Tag.Get("protobuf")+",0", ",")[1]
			if field.Anonymous && tag[0] == "" {
				embedded := field.Type
				if embedded.Name() == "TypeMeta" {
					continue
				}
				// An embedded message is one of its own in protobuf, and its fields are the owner's in JSON.
				into["+"+field.Name] = number + " " + typeName(embedded, add)
				continue
			}
			if tag[0] == "-" || tag[0] == "" {
				continue
			}
			options := strings.Join(tag[1:], ",")
			always := ""
			kind := field.Type.Kind()
			omit := strings.Contains(options, "omitempty") && kind != reflect.Struct || strings.Contains(options, "omitzero")
			if optional(field.Type) {
				always = "*"
			} else if !omit {
				always = "!"
			}
			into[tag[0]] = number + " " + typeName(field.Type, add) + always
		}
	}
	add = func(t reflect.Type) {
		name := modelName(t)
		if _, done := result[name]; done {
			return
		}
		result[name] = map[string]string{}
		fields(t, result[name])
	}
	for _, kind := range kinds {
		add(reflect.TypeOf(kind))
	}
	return result
}

func internal() map[string][]string {
	result := map[string][]string{}
	var add func(t reflect.Type)
	add = func(t reflect.Type) {
		name := t.Name()
		if _, done := result[name]; done || scalars[name] || strings.HasSuffix(t.PkgPath(), "meta/v1") {
			return
		}
		result[name] = []string{}
		var lines []string
		for i := range t.NumField() {
			field := t.Field(i)
			target := field.Type
			form := ""
			for done := false; !done; {
				switch target.Kind() {
				case reflect.Pointer:
					form, target = form+"*", target.Elem()
				case reflect.Slice:
					if target.Elem().Kind() == reflect.Uint8 {
						done = true
						break
					}
					form, target = form+"[]", target.Elem()
				case reflect.Map:
					form, target = form+"{}", target.Elem()
				default:
					done = true
				}
			}
			kind := target.Kind().String()
			if target.Kind() == reflect.Struct {
				kind = target.Name()
				add(target)
			}
			name := field.Name
			if tag := strings.Split(field.Tag.Get("json"), ",")[0]; tag != "" {
				name = tag
			} else if field.Anonymous {
				name = "+"
			}
			lines = append(lines, name+" "+form+kind)
		}
		result[name] = lines
	}
	for _, root := range []any{core.PodSpec{}, core.PersistentVolumeClaimSpec{}, core.ServicePort{}, apps.DeploymentStrategy{}, rbac.RoleRef{}, policy.PodDisruptionBudgetSpec{}} {
		add(reflect.TypeOf(root))
	}
	return result
}

type handler struct{ columns map[string][]any }

func (h handler) TableHandler(columns []metav1.TableColumnDefinition, print any) error {
	kind := reflect.TypeOf(print).In(0).Elem().Name()
	rows := []any{}
	for _, column := range columns {
		rows = append(rows, []any{column.Name, column.Type, column.Format, column.Priority, column.Description})
	}
	for _, wanted := range kinds {
		if reflect.TypeOf(wanted).Name() == kind {
			h.columns[kind] = rows
		}
	}
	return nil
}

var _ printers.PrintHandler = handler{}

func main() {
	h := handler{map[string][]any{}}
	printersinternal.AddHandlers(h)
	write("columns.json", h.columns)
	write("go-types.json", external())
	write("internal-types.json", internal())
}

// write puts one entry on each line, so that a diff after an upgrade can be read.
func write[Value any](file string, entries map[string]Value) {
	lines := []string{}
	for key, value := range entries {
		var line bytes.Buffer
		encoder := json.NewEncoder(&line)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(value); err != nil {
			panic(err)
		}
		lines = append(lines, fmt.Sprintf("%q: %s", key, strings.TrimSpace(line.String())))
	}
	sort.Strings(lines)
	text := "{\n" + strings.Join(lines, ",\n") + "\n}\n"
	if err := os.WriteFile(filepath.Join(os.Args[1], file), []byte(text), 0o644); err != nil {
		panic(err)
	}
}
