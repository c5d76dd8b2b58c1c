package main

import (
	"strconv"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	applycorev1 "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/client-go/util/retry"
)

// writes changes objects in every way that client-go has.
func writes(t *test) {
	maps := t.client.CoreV1().ConfigMaps(namespace)
	got(maps.Create(t.ctx, configMap("one", map[string]string{"n": "0"}), metav1.CreateOptions{}))
	_, err := maps.Create(t.ctx, configMap("one", nil), metav1.CreateOptions{})
	say("twice", reasonOf(err))

	var all sync.WaitGroup
	for range 8 {
		all.Add(1)
		go func() {
			defer all.Done()
			for range 5 {
				must(retry.OnError(retry.DefaultBackoff, func(err error) bool { return reasonOf(err) == "Conflict" }, func() error {
					return increment(t, "one")
				}))
			}
		}()
	}
	all.Wait()
	counted := got(maps.Get(t.ctx, "one", metav1.GetOptions{}))
	say("counted", counted.Data["n"])
	counted.ResourceVersion = "1"
	_, err = maps.Update(t.ctx, counted, metav1.UpdateOptions{})
	say("stale", reasonOf(err))

	patch := func(kind types.PatchType, text string) map[string]string {
		return got(maps.Patch(t.ctx, "one", kind, []byte(text), metav1.PatchOptions{})).Data
	}
	say("merge", patch(types.MergePatchType, `{"data":{"n":null,"m":"1"}}`))
	say("strategic", patch(types.StrategicMergePatchType, `{"data":{"s":"1"}}`))
	say("json", patch(types.JSONPatchType, `[{"op":"remove","path":"/data/m"},{"op":"add","path":"/data/j","value":"1"}]`))
	say("dry run", len(got(maps.Patch(t.ctx, "one", types.MergePatchType, []byte(`{"data":{"d":"1"}}`),
		metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}})).Data))
	apply(t)

	must(maps.DeleteCollection(t.ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "go=y"}))
	say("left", len(got(maps.List(t.ctx, metav1.ListOptions{LabelSelector: "go=y"})).Items))
	longList(t)
}

func increment(t *test, name string) error {
	maps := t.client.CoreV1().ConfigMaps(namespace)
	return retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		object, err := maps.Get(t.ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(object.Data["n"])
		must(err)
		object.Data["n"] = strconv.Itoa(n + 1)
		_, err = maps.Update(t.ctx, object, metav1.UpdateOptions{})
		return err
	})
}

// apply has two managers of one object.
func apply(t *test) {
	maps := t.client.CoreV1().ConfigMaps(namespace)
	as := func(manager string, data map[string]string) (*corev1.ConfigMap, error) {
		return maps.Apply(t.ctx, applycorev1.ConfigMap("applied", namespace).WithLabels(map[string]string{"go": "y"}).WithData(data),
			metav1.ApplyOptions{FieldManager: manager})
	}
	say("applied", got(as("one", map[string]string{"a": "1", "b": "1"})).Data)
	say("applied too", got(as("two", map[string]string{"c": "1"})).Data)
	_, err := as("two", map[string]string{"a": "2"})
	say("conflict", reasonOf(err))
	// What a manager no longer applies goes, and what others own stays.
	withdrawn := got(as("one", map[string]string{"b": "2"}))
	say("withdrawn", withdrawn.Data)
	extracted := got(applycorev1.ExtractConfigMap(withdrawn, "two"))
	say("extracted", extracted.Data)

	// First nothing, then something, and nothing again.
	role := func(labels map[string]string) map[string]string {
		object := map[string]any{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
			"metadata": map[string]any{"name": "go-role", "labels": labels}, "rules": []any{}}
		return got(t.client.RbacV1().ClusterRoles().Patch(t.ctx, "go-role", types.ApplyPatchType, encoded(object),
			metav1.PatchOptions{FieldManager: "one"})).Labels
	}
	none := map[string]string{}
	say("labels", []int{len(role(none)), len(role(map[string]string{"a": "b"})), len(role(none))})
}

// longList reads more than what a server sends uncompressed.
func longList(t *test) {
	maps := t.client.CoreV1().ConfigMaps(namespace)
	for i := range 3 {
		got(maps.Create(t.ctx, configMap("long-"+strconv.Itoa(i), map[string]string{"x": strings.Repeat("x", 60_000)}), metav1.CreateOptions{}))
	}
	t.requests.take()
	list := got(maps.List(t.ctx, metav1.ListOptions{LabelSelector: "go=y"}))
	answer := t.requests.take()[0]
	say("compressed", []any{len(list.Items), answer.Uncompressed, answer.Proto})
	got(maps.List(t.ctx, metav1.ListOptions{LabelSelector: "go=n"}))
	say("short", t.requests.take()[0].Uncompressed)
	say("kind of items", list.Items[0].Kind)
}
