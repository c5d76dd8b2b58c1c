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

	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
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
