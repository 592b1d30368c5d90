//! GitLab: the export of a group, and of a project.

use crate::Product;

pub(crate) const GROUP: Product = Product::of_api("gitlab-group", include_str!("gitlab/group.toml"));
pub(crate) const PROJECT: Product = Product::of_api("gitlab-project", include_str!("gitlab/project.toml"));
