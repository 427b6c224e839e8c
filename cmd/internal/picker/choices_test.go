package picker

import "fmt"

// choices returns n items like the profiles of a large organisation.
func choices(n int) []Item {
	teams := []string{"payments", "search", "identity", "data-platform", "frontend", "logistics", "billing", "mobile"}
	stages := []string{"dev", "staging", "prod", "sandbox", "audit"}
	roles := []string{"AdministratorAccess", "ReadOnlyAccess", "PowerUserAccess", "Developer", "BreakGlass"}
	items := make([]Item, n)
	for i := range items {
		team, stage, role := teams[i%len(teams)], stages[i/len(teams)%len(stages)], roles[i%len(roles)]
		items[i] = Item{Columns: []string{
			fmt.Sprintf("%s-%s-%d", team, stage, i), fmt.Sprintf("%012d", 100000000000+i*7919),
			fmt.Sprintf("Example %s (%s)", team, stage), role, "corp",
		}}
		if i == 2 {
			items[i].Mark = "*"
		}
	}
	return items
}
