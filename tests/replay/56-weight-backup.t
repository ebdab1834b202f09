# Row 56: as Backup the running timer moves by the difference of the skews, earlier and later; above
# the Master it runs out, one down interval after the last advert that was as good as ours.
file load
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 garp_delay=0
track V1 file load 1
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@1 < advert prio=150
@1.1 < file load 51
> note (V1) effective priority 100 -> 151
@1.2 < show V1
> V1 BACKUP wants=BACKUP prio=151 source=10.0.0.1 master=10.0.0.2/150 interval=1 rcvd:1
@2 < advert prio=150
@2.5 < file load -50
> note (V1) effective priority 151 -> 50
@3 < advert prio=150
@3.5 < file load 100
> note (V1) effective priority 50 -> 200
@3.609375 * V1 MasterDown
> arm V1 MasterDown @6.21875
@4 < advert prio=150
@5 < advert prio=150
@6 < advert prio=150
@6.21875 * V1 MasterDown
> advertise V1 prio=200 rev=1
> claim V1 repeat=5
> arm V1 Advert @7.21875
> tell (V1) BACKUP -> MASTER: preempting 10.0.0.2, which has lower priority
@6.3 < show V1
> V1 MASTER wants=MASTER prio=200 source=10.0.0.1 interval=1 rcvd:6 sent:1 become:1
@6.4 < file load 0
> note (V1) effective priority 200 -> 100
@7 < advert prio=150
> release V1
> disarm V1 Advert
> arm V1 MasterDown @10.609375
> tell (V1) MASTER -> BACKUP: advert from 10.0.0.2 with higher priority 150
@7.5 < show V1
> V1 BACKUP wants=BACKUP prio=100 source=10.0.0.1 master=10.0.0.2/150 interval=1 rcvd:7 sent:1 become:1 release:1
