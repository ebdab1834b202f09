# A lower advert for one member makes the others announce their addresses too.
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
@3.609375 * V1 MasterDown
> arm V1 MasterDown @7.21875
@3.609375 * V2 MasterDown
> advertise V1 prio=100 rev=1
> advertise V2 prio=100 rev=1
> claim V1 repeat=5
> claim V2 repeat=5
> disarm V1 MasterDown
> arm V1 Advert @4.609375
> arm V2 Advert @4.609375
> tell (V1) BACKUP -> MASTER: following V2 in group G1
> tell (V2) BACKUP -> MASTER: no advert for 3.609375 s
> tell VRRP_Group(G1) BACKUP -> MASTER: following V2 in group G1
@4 < advert vrid=51 prio=50
> advertise V1 prio=100 rev=1
> announce V1 repeat=5
> announce V2 repeat=5
> arm V1 Advert @4.609375
> note (V1): 10.0.0.2 is MASTER too, with lower priority 50
