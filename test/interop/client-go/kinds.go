package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand"
	"reflect"
	"slices"
	"sort"
	"strings"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes/scheme"
)

const (
	jsonType     = "application/json"
	protobufType = "application/vnd.kubernetes.protobuf"
	// rounds is how many random objects of each kind are sent.
	rounds = 40
)

// A servedKind is a kind that the server says it creates, and of which client-go has a type.
type servedKind struct {
	gvk  schema.GroupVersionKind
	path string
}

func servedKinds(t *test) []servedKind {
	served := []servedKind{}
	for _, list := range got(t.client.Discovery().ServerPreferredResources()) {
		group := got(schema.ParseGroupVersion(list.GroupVersion))
		for _, each := range list.APIResources {
			gvk := group.WithKind(each.Kind)
			if !slices.Contains(each.Verbs, "get") || !slices.Contains(each.Verbs, "create") || !scheme.Scheme.Recognizes(gvk) {
				continue
			}
			path := "/apis/" + list.GroupVersion
			if group.Group == "" {
				path = "/api/" + group.Version
			}
			if each.Namespaced {
				path += "/namespaces/" + namespace
			}
			served = append(served, servedKind{gvk, path + "/" + each.Name})
		}
	}
	// Discovery has no order, and random objects are the same each time.
	slices.SortFunc(served, func(a, b servedKind) int { return strings.Compare(a.gvk.Kind, b.gvk.Kind) })
	return served
}

// kinds writes objects of all kinds in JSON and in protobuf: the server must understand the same.
func kinds(t *test) {
	names := []string{}
	created := []string{}
	different := []string{}
	fill := filler{rand.New(rand.NewSource(1))}
	for _, kind := range servedKinds(t) {
		names = append(names, kind.gvk.Kind)
		for range rounds {
			object := got(scheme.Scheme.New(kind.gvk))
			fill.object(object, kind.gvk)
			inJSON, status := post(t, kind.path, jsonType, object)
			inProtobuf, other := post(t, kind.path, protobufType, object)
			if status == 201 {
				created = append(created, kind.gvk.Kind)
			}
			if status != other {
				different = append(different, fmt.Sprint(kind.gvk.Kind, " ", status, " ", other))
			}
			different = append(different, differences(kind.gvk.Kind, inJSON, inProtobuf)...)
		}
	}
	sort.Strings(different)
	say("kinds", names)
	say("created at random", slices.Compact(created))
	say("different", slices.Compact(different))

	// What was written in protobuf is read in JSON.
	changed := []string{}
	for _, kind := range servedKinds(t) {
		sent := sample(kind.gvk.Kind)
		sent.GetObjectKind().SetGroupVersionKind(kind.gvk)
		client := t.client.CoreV1().RESTClient()
		must(client.Post().AbsPath(kind.path).SetHeader("Content-Type", protobufType).Body(inProtobuf(sent)).Do(t.ctx).Error())
		path := kind.path + "/" + sent.(metav1.Object).GetName()
		read := got(scheme.Scheme.New(kind.gvk))
		must(json.Unmarshal(got(client.Get().AbsPath(path).SetHeader("Accept", jsonType).Do(t.ctx).Raw()), read))
		withoutServed(read, sent)
		if !equality.Semantic.DeepEqual(sent, read) {
			changed = append(changed, fmt.Sprintf("%s %s", encoded(sent), encoded(read)))
		}
	}
	say("changed", changed)
}

// post sends an object, for a dry run, and returns the answer without what differs each time.
func post(t *test, path, contentType string, object runtime.Object) (any, int) {
	body := encoded(object)
	if contentType == protobufType {
		body = inProtobuf(object)
	}
	status := 0
	raw, _ := t.client.CoreV1().RESTClient().Post().AbsPath(path).Param("dryRun", "All").SetHeader("Content-Type", contentType).
		SetHeader("Accept", jsonType).Body(body).Do(t.ctx).StatusCode(&status).Raw()
	var answer map[string]any
	must(json.Unmarshal(raw, &answer))
	if metadata, isObject := answer["metadata"].(map[string]any); isObject {
		for _, each := range []string{"uid", "creationTimestamp", "managedFields"} {
			delete(metadata, each)
		}
	}
	return answer, status
}

func inProtobuf(object runtime.Object) []byte {
	var body bytes.Buffer
	must(protobuf.NewSerializer(scheme.Scheme, scheme.Scheme).Encode(object, &body))
	return body.Bytes()
}

// differences names the places at which two values differ.
func differences(path string, a, b any) []string {
	if reflect.DeepEqual(a, b) {
		return nil
	}
	left, isLeft := a.(map[string]any)
	right, isRight := b.(map[string]any)
	if !isLeft || !isRight {
		leftItems, isLeft := a.([]any)
		rightItems, isRight := b.([]any)
		if !isLeft || !isRight || len(leftItems) != len(rightItems) {
			return []string{fmt.Sprintf("%s: %s, %s", path, encoded(a), encoded(b))}
		}
		found := []string{}
		for i := range leftItems {
			found = append(found, differences(path+"[]", leftItems[i], rightItems[i])...)
		}
		return found
	}
	found := []string{}
	for key := range left {
		found = append(found, differences(path+"."+key, left[key], right[key])...)
	}
	for key := range right {
		if _, isThere := left[key]; !isThere {
			found = append(found, differences(path+"."+key, nil, right[key])...)
		}
	}
	return found
}

// A filler makes random objects: three of four fields have a value.
type filler struct{ random *rand.Rand }

func (f filler) object(object runtime.Object, gvk schema.GroupVersionKind) {
	f.value(reflect.ValueOf(object).Elem(), 0)
	object.GetObjectKind().SetGroupVersionKind(gvk)
	metadata := object.(metav1.Object)
	no := false
	metadata.SetName("x")
	metadata.SetLabels(map[string]string{"a": "b"})
	metadata.SetFinalizers([]string{"a.b/c"})
	metadata.SetOwnerReferences([]metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: "o", UID: "u", Controller: &no}})
	if event, isEvent := object.(*corev1.Event); isEvent {
		event.Namespace = namespace
		event.InvolvedObject.Namespace = namespace
	}
}

func (f filler) value(value reflect.Value, depth int) {
	switch known := value.Addr().Interface().(type) {
	case *metav1.Time:
		*known = metav1.Unix(1_700_000_000+f.random.Int63n(1000), 0)
		return
	case *metav1.MicroTime:
		*known = metav1.NewMicroTime(time.UnixMicro(1_700_000_000_000_000 + f.random.Int63n(1_000_000_000)))
		return
	case *resource.Quantity:
		*known = *resource.NewQuantity(1+f.random.Int63n(9), resource.DecimalSI)
		return
	case *intstr.IntOrString:
		*known = [...]intstr.IntOrString{intstr.FromInt32(80), intstr.FromString("http")}[f.random.Intn(2)]
		return
	case *metav1.TypeMeta, *metav1.ObjectMeta, *metav1.FieldsV1, *runtime.RawExtension:
		return
	}
	switch value.Kind() {
	case reflect.Struct:
		for i := range value.NumField() {
			if depth == 0 || f.random.Intn(4) > 0 {
				f.value(value.Field(i), depth+1)
			}
		}
	case reflect.Pointer:
		if depth < 10 {
			value.Set(reflect.New(value.Type().Elem()))
			f.value(value.Elem(), depth+1)
		}
	case reflect.Slice:
		f.slice(value, depth)
	case reflect.Map:
		item := reflect.New(value.Type().Elem()).Elem()
		f.value(item, depth+1)
		value.Set(reflect.MakeMap(value.Type()))
		value.SetMapIndex(reflect.ValueOf(f.text()).Convert(value.Type().Key()), item)
	case reflect.String:
		value.SetString(f.text())
	case reflect.Bool:
		value.SetBool(f.random.Intn(2) == 0)
	case reflect.Int, reflect.Int32, reflect.Int64:
		value.SetInt(1 + f.random.Int63n(99))
	default:
		panic("no value for " + value.Type().String())
	}
}

func (f filler) slice(value reflect.Value, depth int) {
	if value.Type().Elem().Kind() == reflect.Uint8 {
		value.SetBytes([]byte{0, 255, byte(f.random.Intn(256))})
		return
	}
	if depth > 9 {
		return
	}
	count := 1 + f.random.Intn(2)
	value.Set(reflect.MakeSlice(value.Type(), count, count))
	for i := range count {
		f.value(value.Index(i), depth+1)
	}
}

func (f filler) text() string {
	return "s" + strings.Repeat("ü", f.random.Intn(2)) + fmt.Sprint(f.random.Intn(9))
}

// sample is a valid object of a kind.
func sample(kind string) runtime.Object {
	metadata := metav1.ObjectMeta{Name: "sample-" + strings.ToLower(kind), Annotations: map[string]string{"a": "ü"}}
	micro := metav1.NewMicroTime(time.UnixMicro(1_700_000_000_123_456))
	second := metav1.Unix(1_700_000_000, 0)
	text, number, yes := "s", int32(3), true
	rules := []rbacv1.PolicyRule{{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"pods"}, ResourceNames: []string{"a"}}}
	subjects := []rbacv1.Subject{{Kind: "User", APIGroup: rbacv1.GroupName, Name: "jane"}}
	switch kind {
	case "ConfigMap":
		return &corev1.ConfigMap{ObjectMeta: metadata, Data: map[string]string{"a": "b"}, BinaryData: map[string][]byte{"c": {0, 255}}, Immutable: &yes}
	case "Secret":
		return &corev1.Secret{ObjectMeta: metadata, Type: corev1.SecretTypeOpaque, Data: map[string][]byte{"a": {0, 255}}}
	case "ServiceAccount":
		return &corev1.ServiceAccount{ObjectMeta: metadata, AutomountServiceAccountToken: &yes, ImagePullSecrets: []corev1.LocalObjectReference{{Name: "a"}}}
	case "Namespace":
		return &corev1.Namespace{ObjectMeta: metadata}
	case "Node":
		return &corev1.Node{ObjectMeta: metadata, Spec: corev1.NodeSpec{PodCIDR: "10.0.0.0/24", Taints: []corev1.Taint{{Key: "a", Effect: corev1.TaintEffectNoSchedule}}}}
	case "Pod":
		return &corev1.Pod{ObjectMeta: metadata, Spec: corev1.PodSpec{ServiceAccountName: "default", DeprecatedServiceAccount: "default", Containers: []corev1.Container{{Name: "c", Image: "i",
			Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{"cpu": resource.MustParse("100m")}}}}}}
	case "Service":
		return &corev1.Service{ObjectMeta: metadata, Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeClusterIP, SessionAffinity: corev1.ServiceAffinityNone,
			Ports: []corev1.ServicePort{{Protocol: corev1.ProtocolTCP, Port: 80, TargetPort: intstr.FromString("http")}}}}
	case "Event":
		return &corev1.Event{ObjectMeta: metadata, InvolvedObject: corev1.ObjectReference{Kind: "ConfigMap", Namespace: namespace, Name: "a"}, Type: "Normal", Reason: "Tested",
			Action: "test", ReportingController: "a.b/c", ReportingInstance: "i", FirstTimestamp: second, EventTime: micro, Series: &corev1.EventSeries{Count: 2, LastObservedTime: micro}}
	case "Lease":
		return &coordinationv1.Lease{ObjectMeta: metadata, Spec: coordinationv1.LeaseSpec{HolderIdentity: &text, LeaseDurationSeconds: &number, LeaseTransitions: &number, AcquireTime: &micro, RenewTime: &micro}}
	case "Role":
		return &rbacv1.Role{ObjectMeta: metadata, Rules: rules}
	case "ClusterRole":
		return &rbacv1.ClusterRole{ObjectMeta: metadata, Rules: rules}
	case "RoleBinding":
		return &rbacv1.RoleBinding{ObjectMeta: metadata, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "a"}, Subjects: subjects}
	case "ClusterRoleBinding":
		return &rbacv1.ClusterRoleBinding{ObjectMeta: metadata, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "a"}, Subjects: subjects}
	case "CertificateSigningRequest":
		request, _ := newRequest()
		return &certificatesv1.CertificateSigningRequest{ObjectMeta: metadata, Spec: certificatesv1.CertificateSigningRequestSpec{Request: request,
			SignerName: "a.b/c", ExpirationSeconds: &[]int32{3600}[0], Usages: []certificatesv1.KeyUsage{certificatesv1.UsageClientAuth}}}
	}
	panic("there is no sample of " + kind)
}

// withoutServed leaves out what the server adds to an object.
func withoutServed(read, sent runtime.Object) {
	metadata, named := read.(metav1.Object), sent.(metav1.Object)
	metadata.SetUID("")
	metadata.SetResourceVersion("")
	metadata.SetCreationTimestamp(metav1.Time{})
	metadata.SetManagedFields(nil)
	metadata.SetGeneration(0)
	named.SetNamespace(metadata.GetNamespace())
	switch object := read.(type) {
	case *corev1.Namespace:
		object.Spec, object.Status, object.Labels = corev1.NamespaceSpec{}, corev1.NamespaceStatus{}, nil
	case *corev1.Pod:
		object.Status = corev1.PodStatus{}
	case *certificatesv1.CertificateSigningRequest:
		object.Spec.Username, object.Spec.Groups, object.Spec.Extra, object.Spec.UID = "", nil, nil, ""
	}
}
