//! In which order tables are loaded: those that foreign keys name come first, and tables whose keys lead round in a
//! circle are one group.

/// The strongly connected components of a graph, by Tarjan's algorithm: each after those that its nodes point to.
/// `edges` are pairs of numbers below `nodes`: from the table with the key to the one that it names.
pub(super) fn groups(nodes: usize, edges: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let mut targets = vec![Vec::new(); nodes];
    for (from, to) in edges {
        if let Some(targets) = targets.get_mut(*from) {
            targets.push(*to);
        }
    }
    let mut search = Search { targets, seen: vec![None; nodes], stack: Vec::new(), next: 0, groups: Vec::new() };
    for node in 0..nodes {
        if search.seen_at(node).is_none() {
            search.visit(node);
        }
    }
    search.groups
}

struct Search {
    targets: Vec<Vec<usize>>,
    /// When each node was met first.
    seen: Vec<Option<usize>>,
    /// Nodes that have no group yet.
    stack: Vec<usize>,
    next: usize,
    groups: Vec<Vec<usize>>,
}

impl Search {
    fn seen_at(&self, node: usize) -> Option<usize> {
        self.seen.get(node).copied().flatten()
    }

    /// Gives the earliest node that can be reached and has no group yet. As deep as foreign keys follow each other.
    fn visit(&mut self, node: usize) -> usize {
        let met = self.next;
        self.next += 1;
        if let Some(seen) = self.seen.get_mut(node) {
            *seen = Some(met);
        }
        self.stack.push(node);
        let mut lowest = met;
        for target in self.targets.get(node).cloned().unwrap_or_default() {
            match self.seen_at(target) {
                None => lowest = lowest.min(self.visit(target)),
                Some(other) if self.stack.contains(&target) => lowest = lowest.min(other),
                Some(_) => {}
            }
        }
        if lowest == met {
            let begin = self.stack.iter().position(|other| *other == node).unwrap_or_default();
            let mut group = self.stack.split_off(begin);
            group.sort_unstable();
            self.groups.push(group);
        }
        lowest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_comes_first() {
        assert_eq!(groups(3, &[(0, 1), (1, 2)]), [[2], [1], [0]]);
        assert_eq!(groups(2, &[]), [[0], [1]]);
    }

    #[test]
    fn a_circle_is_one_group() {
        let edges = [(0, 1), (1, 2), (2, 0), (3, 0), (2, 4), (4, 4)];
        assert_eq!(groups(5, &edges), [vec![4], vec![0, 1, 2], vec![3]]);
    }

    #[test]
    fn two_circles_that_meet_are_one_and_two_that_follow_are_two() {
        assert_eq!(groups(3, &[(0, 1), (1, 0), (1, 2), (2, 1)]), [vec![0, 1, 2]]);
        assert_eq!(groups(4, &[(0, 1), (1, 0), (1, 2), (2, 3), (3, 2)]), [vec![2, 3], vec![0, 1]]);
    }
}
