package main

import (
	"sort"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
)

// dynamicClient uses objects without types, and finds them by discovery.
func dynamicClient(t *test) {
	kinds := []string{}
	for _, list := range got(t.client.Discovery().ServerPreferredResources()) {
		for _, resource := range list.APIResources {
			kinds = append(kinds, resource.Name+" "+list.GroupVersion)
		}
	}
	sort.Strings(kinds)
	say("discovered", kinds)
	say("version", got(t.client.Discovery().ServerVersion()).Major)
	say("openapi", len(got(t.client.Discovery().OpenAPISchema()).Definitions.AdditionalProperties) > 0)

	resource := schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}
	client := dynamic.NewForConfigOrDie(t.config)
	factory := dynamicinformer.NewFilteredDynamicSharedInformerFactory(client, 0, namespace, nil)
	told := make(chan string, 100)
	got(factory.ForResource(resource).Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{AddFunc: func(object any) {
		if each := object.(*unstructured.Unstructured); each.GetName() == "dynamic" {
			told <- each.GetKind() + " " + each.GetName()
		}
	}}))
	factory.Start(t.ctx.Done())
	factory.WaitForCacheSync(t.ctx.Done())
	got(client.Resource(resource).Namespace(namespace).Create(t.ctx, &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "dynamic"}, "data": map[string]any{"a": "b"},
	}}, metav1.CreateOptions{}))
	say("told", next(t, told))
	listed := got(client.Resource(resource).Namespace(namespace).List(t.ctx, metav1.ListOptions{FieldSelector: "metadata.name=dynamic"}))
	say("listed", listed.Items[0].GetKind())
	partial := got(metadata.NewForConfigOrDie(t.config).Resource(resource).Namespace(namespace).List(t.ctx, metav1.ListOptions{FieldSelector: "metadata.name=dynamic"}))
	say("metadata", partial.Items[0].Name)
}

// eventRecorder writes an event twice, which is one with a count.
func eventRecorder(t *test) {
	about := got(t.client.CoreV1().ConfigMaps(namespace).Create(t.ctx, configMap("about", nil), metav1.CreateOptions{}))
	watched := got(t.client.CoreV1().Events(namespace).Watch(t.ctx, metav1.ListOptions{FieldSelector: "involvedObject.name=about"}))
	recorder := record.NewBroadcaster()
	recorder.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: t.client.CoreV1().Events(namespace)})
	events := recorder.NewRecorder(scheme.Scheme, corev1.EventSource{Component: "tester"})
	for range 2 {
		events.Event(about, corev1.EventTypeWarning, "Tested", "it was tested")
		event := next(t, watched.ResultChan())
		seen := event.Object.(*corev1.Event)
		say("event", []any{event.Type, seen.Reason, seen.Count, seen.InvolvedObject.Name, seen.Source.Component})
	}
	recorder.Shutdown()
}
