//! What a piece of a report is about: looked up, found to be meant, and whether it is well.

use super::report::Report;
use super::{View, state};
use crate::check::{
    RealId, RealParams, RealSnapshot, Room, ServiceId, ServiceParams, ServiceSnapshot,
};
use crate::vrrp::{
    FileId, FileParams, GroupId, GroupParams, GroupSnapshot, InstanceId, InstanceParams, ScriptId,
    ScriptParams, ScriptSnapshot, Snapshot,
};

/// What is wanted, by name; `None`: everything.
type Wanted<'w> = Option<&'w str>;

/// Each is `None` for what is not to be shown.
impl Report {
    pub(super) fn instance<'v>(
        &mut self,
        view: &View<'v>,
        id: InstanceId,
        wanted: Wanted<'_>,
    ) -> Option<(&'v InstanceParams, Snapshot)> {
        let params = view.vrrp.instances.get(usize::from(id.0))?;
        let snapshot = view.router.snapshot(id)?;
        if !self.meant(&params.name, wanted) {
            return None;
        }
        self.fault(state::faulty(snapshot.state));
        Some((params, snapshot))
    }

    pub(super) fn group<'v>(
        &mut self,
        view: &View<'v>,
        id: GroupId,
        wanted: Wanted<'_>,
    ) -> Option<(&'v GroupParams, GroupSnapshot)> {
        let params = view.vrrp.groups.get(usize::from(id.0))?;
        let snapshot = view.router.group_snapshot(id)?;
        if !self.meant(&params.name, wanted) {
            return None;
        }
        self.fault(state::faulty(snapshot.state));
        Some((params, snapshot))
    }

    pub(super) fn script<'v>(
        &mut self,
        view: &View<'v>,
        id: ScriptId,
        wanted: Wanted<'_>,
    ) -> Option<(&'v ScriptParams, ScriptSnapshot)> {
        let params = view.vrrp.scripts.get(usize::from(id.0))?;
        let snapshot = view.router.script_snapshot(id)?;
        self.meant(&params.name, wanted)
            .then_some((params, snapshot))
    }

    pub(super) fn file<'v>(
        &mut self,
        view: &View<'v>,
        id: FileId,
        wanted: Wanted<'_>,
    ) -> Option<(&'v FileParams, i32)> {
        let params = view.vrrp.files.get(usize::from(id.0))?;
        let value = view.router.file_value(id)?;
        self.meant(&params.name, wanted).then_some((params, value))
    }

    /// Its real servers come with it.
    pub(super) fn service<'v>(
        &mut self,
        view: &View<'v>,
        id: ServiceId,
        wanted: Wanted<'_>,
    ) -> Option<(&'v ServiceParams, ServiceSnapshot)> {
        let room = view.check?;
        let params = room.params().services.get(usize::from(id.0))?;
        let snapshot = room.service(id)?;
        self.inside = self.meant(&params.name, wanted);
        if !self.inside {
            return None;
        }
        self.fault(!snapshot.up);
        Some((params, snapshot))
    }

    /// One that is down is a fault where it was asked for by name.
    pub(super) fn real<'v>(
        &mut self,
        view: &View<'v>,
        id: RealId,
        wanted: Wanted<'_>,
    ) -> Option<(&'v Room, &'v RealParams, RealSnapshot)> {
        let room = view.check?;
        let params = room.params().reals.get(usize::from(id.0))?;
        let snapshot = room.real(id)?;
        let named = wanted.is_some() && !self.inside;
        if named && !self.meant(&params.name, wanted) {
            return None;
        }
        self.fault(named && !snapshot.alive);
        Some((room, params, snapshot))
    }
}
