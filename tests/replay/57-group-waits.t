# A member whose timer runs out waits until the other's has too; then all go together, the adverts
# of all before the addresses of any.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 garp_delay=0
instance V2 eth1 vrid=52 prio=100 addr=10.1.0.100 garp_delay=0
group G1 V1 V2
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < link eth1 index=3 up ip=10.1.0.1
@0 < start
> arm V1 MasterDown @3.609375
> arm V2 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
> tell (V2) INIT -> BACKUP: starting
> tell VRRP_Group(G1) INIT -> BACKUP: starting
@1 < advert vrid=51 prio=200
@1.5 < advert vrid=52 prio=200 from=10.1.0.2
@3.609375 * V1 MasterDown
> arm V1 MasterDown @4.609375
@3.609375 * V2 MasterDown
> arm V2 MasterDown @5.109375
@4.609375 * V1 MasterDown
> arm V1 MasterDown @8.21875
@4.7 < wait
@4.7 < show V1
> V1 BACKUP wants=MASTER prio=100 source=10.0.0.1 master=10.0.0.2/200 interval=1 rcvd:1
@5.109375 * V2 MasterDown
> advertise V1 prio=100 rev=1
> advertise V2 prio=100 rev=1
> claim V1 repeat=5
> claim V2 repeat=5
> disarm V1 MasterDown
> arm V1 Advert @6.109375
> arm V2 Advert @6.109375
> tell (V1) BACKUP -> MASTER: following V2 in group G1
> tell (V2) BACKUP -> MASTER: no advert for 3.609375 s
> tell VRRP_Group(G1) BACKUP -> MASTER: following V2 in group G1
@5.2 < wait
